"""How a person signs in: what an account and a session are, and what each allows."""
