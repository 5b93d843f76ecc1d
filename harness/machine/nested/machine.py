"""A machine whose QEMU runs inside another: lines, events and monitor are the inner one's, power is the outer one's."""

from __future__ import annotations

from pathlib import Path

from harness.image import cpio
from harness.image.entries import content_of, file
from harness.machine.complaint import complaint
from harness.machine.nested.argv import LOG, inside, outer_argv
from harness.machine.nested.host import NestedHost
from harness.machine.qemu.argv import Media, Wiring
from harness.machine.qemu.machine import QemuMachine
from harness.plan.target import Target

_PAYLOAD = "nested.cpio"
_STARTS = b"nested: starting the machine"  # what the outer init says last
_SAID = 4096  # bytes of the outer console that are looked at for why it ended
_START = 120.0  # seconds for the outer machine to come up, and for the QEMU in it to answer


class NestedMachine(QemuMachine):
    """The inner machine of `target`, in a machine of `host`."""

    writes_here = False  # the inner QEMU could write a guest's memory to the outer machine only
    start_limit = _START

    def __init__(
        self, target: Target, media: Media, *, host: NestedHost, folder: Path, binary: str | None = None
    ) -> None:
        """`folder`: for the payload and the outer machine's log. Raises InputError, see `inside`."""
        super().__init__(target, media, accelerator="nested", folder=folder, binary=binary)
        self._host = host
        self._inside = inside(target, media)
        self._payload = folder.absolute() / _PAYLOAD

    def _prepare(self) -> None:
        entries = [file(path, _whole(parts)) for path, parts in self._inside.files.items()]
        words = b"".join(word.encode() + b"\0" for word in self._inside.argv)
        with self._payload.open("wb") as out:
            cpio.write([*entries, file("nested/argv", words)], out)

    def _argv(self, wiring: Wiring) -> list[str]:
        return outer_argv(self._host, self._inside, self._payload, wiring=wiring, binary=self._binary)

    def _last_words(self) -> str:
        """The outer machine's console has the inner QEMU's complaints, and the outer kernel's."""
        try:
            with (self._folder / LOG).open("rb") as log:
                log.seek(max(0, log.seek(0, 2) - _SAID))
                said = complaint(log.read().rpartition(_STARTS)[2], limit=_SAID)
        except OSError:
            said = ""
        return "; ".join(text for text in (said, super()._last_words()) if text)


def _whole(parts: tuple[Path, ...]) -> Path | bytes:
    """Only small files are of several parts."""
    return parts[0] if len(parts) == 1 else b"".join(chunk for part in parts for chunk in content_of(part).chunks())
