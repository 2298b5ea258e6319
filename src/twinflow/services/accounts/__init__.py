"""Accounts: signing in and out, second factors, links, tokens."""
