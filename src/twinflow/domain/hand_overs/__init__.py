"""What somebody has open in a case, and how it passes to another."""
