"""Agreements opened, advanced, imported and moved to another version."""
