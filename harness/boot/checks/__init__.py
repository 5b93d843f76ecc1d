"""What the harness asks of a guest that is up, from outside or in its shell: one file a kind.

A kind is a module with a class `KIND`, a `Check` whose field `kind` is its one word.
"""
