"""The rules, one file a kind of failure. A file here with a tuple `RULES` is all it takes."""
