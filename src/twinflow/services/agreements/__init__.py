"""Agreements opened, advanced, lapsed, imported and moved to another version."""
