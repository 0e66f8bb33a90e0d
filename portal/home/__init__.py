"""Front door and dashboard."""
