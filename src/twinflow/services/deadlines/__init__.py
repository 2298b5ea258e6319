"""Deadlines changed and acknowledged by people, and moved by calendars."""
