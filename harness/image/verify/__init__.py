"""Is it still what it was? Built images are compared with their bill of materials, layouts with their digests, both
with what is signed. A check gives what differs, a line each; no line means that all is as it should be."""
