"""Mail as values: what a letter says, where a message stands on its way, and what comes back."""
