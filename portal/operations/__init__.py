"""What an operator needs: health, doctor, backup, restore, the clock."""
