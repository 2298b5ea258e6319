"""Offices and people: changed, and checked."""
