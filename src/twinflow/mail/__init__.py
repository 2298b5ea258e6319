"""The machinery of mail; the words are in `notifications/`."""
