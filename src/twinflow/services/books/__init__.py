"""Whether the books are as they were written; their backups."""
