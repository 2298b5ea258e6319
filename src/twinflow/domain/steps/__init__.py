"""Taking a step: what it asks for, what it changes, and what stands in its way."""
