"""The way of a message from what there is to tell to what comes back."""
