"""`tar`: the root file system as one POSIX archive, uncompressed. Names are spelled as the YAML's author wrote them."""

from __future__ import annotations

from pathlib import Path

from harness.image.tarwriting import write_tar
from harness.image.writing import Job, created

NAME = "tar"
ABOUT = "the root file system as one tar archive"


def write(job: Job) -> list[Path]:
    """NAME.tar."""
    path = job.path(".tar")
    with created(path) as out:
        write_tar(job.entries, out)
    return [path]
