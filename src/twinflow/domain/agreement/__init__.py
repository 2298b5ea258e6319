"""One running case: what it is, what happened to it, and what is missing in it."""
