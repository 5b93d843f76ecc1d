"""What a console log says: milestones, failures, warnings, the decisive line. Pure: bytes in, a `Diagnosis` out.

`diagnoser.py` is the door; `rules/` is the knowledge, one file a kind of failure, found without a list of them.
"""
