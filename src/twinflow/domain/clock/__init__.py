"""What time does to a case by itself, today and in days to come."""
