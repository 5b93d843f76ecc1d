"""What is left to chance in a VMDK (VMware's Virtual Disk Format 5.0): the content id in its descriptor."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import HostError
from harness.image.media.identity import uuid_of

_DESCRIPTOR = 512  # qemu-img puts it behind the header, 20 sectors long
_LENGTH = 20 * 512


def settle(path: Path, digest: str) -> None:
    """Give the descriptor a content id made of `digest`."""
    with path.open("r+b") as disk:
        disk.seek(_DESCRIPTOR)
        # qemu-img writes the id a second time, in a line that is shorter where chance has a digit less: behind the end
        # of the text is then a rest of the longer one.
        text = disk.read(_LENGTH).partition(b"\0")[0]
        made, count = re.subn(rb"^CID=[0-9a-f]{1,8}$", b"CID=" + _id(digest), text, count=1, flags=re.MULTILINE)
        if not count:
            raise HostError(f"qemu-img wrote a VMDK without a content id: {path.name}")
        disk.seek(_DESCRIPTOR)
        disk.write(made.ljust(_LENGTH, b"\0")[:_LENGTH])


def _id(digest: str) -> bytes:
    # All ones would mean "no parent".
    return (uuid_of("vmdk", digest).hex[:8]).replace("ffffffff", "fffffffe").encode()
