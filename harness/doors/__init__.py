"""Doors: the ways by which a machine comes to its kernel. One file in `kinds/` a door, found by its name."""
