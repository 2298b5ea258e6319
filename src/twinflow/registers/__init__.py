"""A municipality's own sheet, read by a small mapping file into dossiers. Reads; writes nothing."""
