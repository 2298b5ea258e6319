"""Who acts, for whom, and what each may see and do."""
