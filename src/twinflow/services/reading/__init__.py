"""What pages and the command line show, as frozen values."""
