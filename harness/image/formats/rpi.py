"""`rpi`: a Raspberry Pi's SD card, and what is in its FAT as an archive, for a card that has one already."""

from __future__ import annotations

from pathlib import Path

from harness.image import cpio
from harness.image.entries import file
from harness.image.media.disks import mbr_disk
from harness.image.media.payload import payload
from harness.image.media.raspberry import card_files
from harness.image.tarwriting import write_tar
from harness.image.writing import Job, created

NAME = "rpi"
ABOUT = "a Raspberry Pi 3 or 4: SD card image, and the files of its FAT as a tar (arm64)"


def write(job: Job) -> list[Path]:
    """NAME-rpi.img and NAME-rpi.tar."""
    card, archive = job.path("-rpi.img"), job.path("-rpi.tar")
    with payload(job, NAME) as made:
        files = card_files(made, job, NAME)
        mbr_disk(card, files, made.folder / "fat")
        with created(archive) as out:
            write_tar(cpio.arranged(file(name, path) for name, path in files.items()), out)
    return [card, archive]
