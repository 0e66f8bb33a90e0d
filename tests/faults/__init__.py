"""What happens when something breaks: an exception, the database, the disk, the power."""
