"""Telling people, and what to do when somebody cannot be reached."""
