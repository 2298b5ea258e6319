"""What runs by itself: sweeps, and the way of mail out."""
