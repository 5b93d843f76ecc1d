"""Is this file an initrd that a kernel can unpack? Asked before a machine is started with it, not after it hangs."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InputError, Where
from harness.image.contents import HEAD, Contents, Reader
from harness.image.cpio import TRAILER
from harness.kernel.inflate import Inflated, Plain, Readable, checkable, form_of
from harness.kernel.lz4blocks import Lz4Blocks
from harness.kernel.user import head_of

_AGAIN = "make or fetch the file again"


def check_initrd(path: Path, reader: Reader | None = None) -> Contents:
    """Read an initrd of the user's to its end: newc archives, plain or compressed, one after the other as kernels take.

    Returns what is inside. Raises InputError saying what is wrong and at which byte. Memory is bounded whatever the
    file unpacks to. `reader` is told of everything.
    """
    head_of(path, "initrd", 1)
    where = Where(str(path))
    try:
        with path.open("rb") as stream:
            source = Plain(stream)
            reader = reader or Reader()
            while _skip_zeros(source):
                _segment(source, where, reader)
    except OSError as problem:
        raise InputError(f"the initrd file cannot be read: {problem.strerror}", where=where) from problem
    if not reader.forms:
        raise InputError("is not an initrd: it holds nothing but zeros", where=where, hint=_AGAIN)
    return reader.contents(packed=source.position)


def _segment(source: Plain, where: Where, reader: Reader) -> None:
    start = source.position
    head = source.read(6)
    source.put_back(head)
    form = form_of(head)
    reader.forms.append(form or "none")
    if form is None:
        _walk(source, where, "", reader)
    elif form != "lz4" and not checkable(form):
        reader.complete = False
        while source.read(1 << 20):  # recognised, but only the kernel can tell more
            pass
    else:
        inflated = Lz4Blocks(source, where) if form == "lz4" else Inflated(source, form, where)
        if not _skip_zeros(inflated):
            raise InputError(f"the {form} data at byte {start} unpacks to nothing", where=where, hint=_AGAIN)
        try:
            _walk(inflated, where, f" of the unpacked {form} data", reader)
        finally:
            # To its end, where the checksum is: damage there also explains what was not understood before it.
            while inflated.read(1 << 16):
                pass


def _skip_zeros(source: Readable) -> bool:
    """Go to the next byte that is not padding; False at the end. An unpacked stream has none that could be put back."""
    if isinstance(source, Plain):
        while data := source.read(4096):
            rest = data.lstrip(b"\0")
            if rest:
                source.put_back(rest)
                return True
        return False
    return True


def _walk(source: Readable, where: Where, of: str, reader: Reader) -> None:
    """Read one newc archive up to the end of its trailer."""
    base = source.position

    def take(size: int, what: str) -> bytes:
        data = source.read(size)
        if len(data) < size:
            raise InputError(
                f"truncated: it ends at byte {source.position}{of}, within {what}", where=where, hint=_AGAIN
            )
        return data

    def skip(size: int, what: str) -> None:
        while size:
            data = take(min(size, 1 << 16), what)
            size -= len(data)
            reader.data(data)

    while True:
        at = source.position
        magic = source.read(6)
        if not magic:
            raise InputError(
                f"truncated: no {TRAILER} entry ends the archive, which stops at byte {at}{of}",
                where=where,
                hint=_AGAIN,
            )
        if magic not in (b"070701", b"070702"):
            raise InputError(_not_cpio(magic, at, at == base, of), where=where, hint="a newc cpio archive is wanted")
        text = take(104, "an entry's header")
        try:
            fields = [int(text[offset : offset + 8], 16) for offset in range(0, 104, 8)]
        except ValueError as problem:
            raise InputError(f"corrupt: no header of an entry at byte {at}{of}", where=where, hint=_AGAIN) from problem
        size, name_size = fields[6], fields[11]
        if not 1 <= name_size <= 4096:
            raise InputError(f"corrupt: a name of {name_size} bytes at byte {at}{of}", where=where, hint=_AGAIN)
        name = take(name_size, "an entry's name")
        take(-(110 + name_size) % 4, "an entry's name")
        beginning = take(min(size, HEAD), "a file's data")
        last = name == TRAILER.encode() + b"\0"
        if not last:
            reader.entry(name[:-1].decode("utf-8", "backslashreplace"), fields[1], size, beginning, fields[0])
        skip(size - len(beginning), "a file's data")
        if last:
            return
        take(-size % 4, "a file's data")


def _not_cpio(magic: bytes, at: int, first: bool, of: str) -> str:
    if magic == b"070707" or magic[:2] in (b"\xc7\x71", b"\x71\xc7"):
        return f"an old cpio format at byte {at}{of}, which no kernel unpacks"
    return f"is not an initrd: no archive begins at byte {at}{of}" if first else f"corrupt: no entry at byte {at}{of}"
