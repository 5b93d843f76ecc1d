"""What python-tuf refuses, told as what it means to the reader of a repository."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from harness.errors import BootmatrixError, HostError, InputError


@contextlib.contextmanager
def refusals(repository: str) -> Iterator[None]:
    """Errors inside become ours: InputError for what a repository says, HostError where it cannot be reached."""
    from tuf.api import exceptions
    from tuf.api.serialization import DeserializationError

    try:
        yield
    except BootmatrixError:
        raise
    except (exceptions.RepositoryError, exceptions.DownloadError, DeserializationError) as problem:
        raise _told(repository, problem) from problem
    except OSError as problem:
        raise HostError(f"what is known of {repository} cannot be kept: {problem.strerror or problem}") from problem


def _told(repository: str, problem: Exception) -> BootmatrixError:
    from tuf.api import exceptions

    said = "".join(char for char in str(problem) if char.isprintable())[:300] or type(problem).__name__
    match problem:
        case exceptions.ExpiredMetadataError():
            return InputError(
                f"{repository}: {said}: it may be held back from you, and newer images with it",
                hint="its owner signs it again with bootmatrix trust refresh; see also that the clock here is right",
            )
        case exceptions.BadVersionNumberError():
            return InputError(
                f"{repository} was rolled back: it is older than what was read from it before: {said}",
                hint="ask its owner; images of the older state are not taken",
            )
        case exceptions.UnsignedMetadataError():
            return InputError(
                f"{repository} is not signed by the keys of the trusted root: {said}",
                hint="check that the root is this repository's own, and where it came from",
            )
        case exceptions.LengthOrHashMismatchError() | exceptions.DownloadLengthMismatchError():
            return InputError(
                f"{repository}: a file is not the one that was signed: {said}",
                hint="files of different states were mixed, or one was altered: publish again",
            )
        case exceptions.DownloadHTTPError() if problem.status_code in (403, 404):
            return InputError(f"{repository} lacks a file that a repository has: {said}", hint="check its address")
        case exceptions.DownloadError():
            cause = problem.__cause__
            why = "".join(char for char in str(cause or "") if char.isprintable())[:200]
            return HostError(f"{repository} cannot be reached: {said}{f': {why}' if why else ''}")
    return InputError(f"{repository} is damaged: {said}", hint="ask its owner to publish it again")
