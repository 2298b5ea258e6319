"""Use cases as plain functions: one unit of work, one commit each."""
