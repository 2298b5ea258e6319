"""Dates, business days and office hours: what days are, before anything is counted by them."""
