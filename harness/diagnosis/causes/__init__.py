"""One family of causes a file, found by its being here."""
