"""Rows and transactions. SQLModel lives here and nowhere else."""
