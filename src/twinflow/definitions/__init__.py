"""Files to values: process files, calendars and the people file, checked as a whole."""
