"""One check a file, found by its being here."""
