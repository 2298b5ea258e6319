"""What was entered wrongly is put right: by an entry of its own, and everything that came after it decided again."""
