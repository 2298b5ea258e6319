"""When something is due: counted, changed, warned of, kept or missed."""
