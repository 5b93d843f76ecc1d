"""Names of images as LinuxKit completes them: `sshd:1` is `docker.io/library/sshd:1`. No tag is ever added."""

from __future__ import annotations

import re

# The grammar of the distribution project (reference/regexp.go), of which every registry takes a part.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"{_HOST}/{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{{32,128}})?", re.ASCII
)
_LONGEST = 512


def expanded(name: str) -> str:
    """The full reference of an image. Raises ValueError, with words for the user, for what is none. Pure."""
    slashes = name.count("/")
    full = f"docker.io/library/{name}" if slashes == 0 else f"docker.io/{name}" if slashes == 1 else name
    if len(full) > _LONGEST or not _REFERENCE.fullmatch(full):
        raise ValueError(
            f"{name[:80]!r} is no name of an image; expected [registry/]name[:tag][@digest], name in lower case"
        )
    return full
