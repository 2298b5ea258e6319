"""What a process file says: its definition, its states, whether it is sound, and the same in words."""
