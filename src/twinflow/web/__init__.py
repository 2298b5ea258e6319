"""Server-rendered pages to look at agreements and captured mail. They only read: steps belong to the command line."""
