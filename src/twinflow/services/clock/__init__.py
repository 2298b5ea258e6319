"""What time does by itself: swept, simulated, replayed."""
