"""The command line: builds commands, calls services, prints. Decides nothing."""
