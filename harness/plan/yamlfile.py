"""One YAML file as plain data, with the line of every key kept for error messages.

The file is read as a stream of events rather than by a constructor: nothing recurses (nesting cannot exhaust a stack),
no tag can build an object, and what aliases expand to is counted before it is used. Plain scalars follow the core
schema of YAML 1.2: `on`, `no` and `01.0` are strings, not booleans or numbers.
"""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from harness.errors import InputError, Where

MAX_BYTES = 1 << 20
MAX_NODES = 200_000
MAX_DEPTH = 32

Loc = Sequence[str | int]
# The line of a value (of its key, in a mapping), counted from 1, and the places of what it contains.
Place = tuple[int, "dict[str, Place] | list[Place] | None"]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# Numbers are bounded here: converting a megabyte of digits would take minutes.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?")
_STR_TAGS = ("tag:yaml.org,2002:str", "!")
_COLLECTION_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!")


def shown(text: str, limit: int = 80) -> str:
    """User text quoted for a message: control and bidirectional characters are escaped, long text is cut."""
    return repr(text if len(text) <= limit else text[:limit] + "...")


def shown_path(path: Path) -> str:
    """A path for a message: relative when below the current folder, escaped when it has unprintable characters."""
    text = os.fspath(path)
    try:
        relative = os.path.relpath(text)
        text = text if relative.startswith("..") else relative
    except OSError:  # the current folder is gone
        pass
    return text if text.isprintable() else repr(text)


@dataclass(frozen=True, slots=True)
class Document:
    """A loaded file: `data` is made of dict (string keys), list, str, int, float, bool and None."""

    path: Path
    data: Any
    place: Place
    ignored: int | None = None  # where a second document begins, of which nothing is read

    def reach(self, loc: Loc) -> tuple[int, int, bool]:
        """How far `loc` can be followed: (steps, line, owned).

        `owned` is true when the walk came to a list or a scalar: those replace a parent's value as a whole, so no
        parent of this file can have a say in what follows.
        """
        line, inside = self.place
        steps = 0
        owned = False
        for step in loc:
            if isinstance(inside, dict) and step in inside:
                line, inside = inside[str(step)]
            elif isinstance(inside, list) and isinstance(step, int) and 0 <= step < len(inside):
                line, inside = inside[step]
            else:
                break
            steps += 1
            owned = owned or not isinstance(inside, dict)
        return steps, line, owned

    def where(self, loc: Loc = ()) -> Where:
        """The place of `loc`, or of the nearest thing around it that exists; the key is always all of `loc`."""
        return Where(shown_path(self.path), self.reach(loc)[1], dotted(loc) or None)


def dotted(loc: Loc) -> str:
    """`('suites', 'quick', 0)` as `suites.quick[0]`; keys that would garble the message are escaped."""
    text = ""
    for step in loc:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            plain = step if 0 < len(step) <= 80 and step.isprintable() and " " not in step else shown(step)
            text += f".{plain}" if text else plain
    return text


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is read that was written for another program: the values of its unquoted words, and what is after
    its first document."""

    plain: Callable[[str], Any]
    first_only: bool = False


def load(path: Path, dialect: Dialect | None = None) -> Document:
    """Read one file. InputError for anything but a readable, regular, bounded UTF-8 file of one YAML document."""
    return parse(_read(path), path, dialect)


def parse(raw: bytes, path: Path, dialect: Dialect | None = None) -> Document:
    """The same for bytes in hand; `path` is only used in messages."""

    def bad(what: str, line: int | None = None, hint: str | None = None) -> NoReturn:
        raise InputError(what, where=Where(shown_path(path), line), hint=hint)

    if len(raw) > MAX_BYTES:
        bad(f"larger than {MAX_BYTES >> 10} KiB", hint="this is not a file written by hand; is it the right one?")
    if (nul := raw.find(b"\0")) >= 0:
        bad("contains a NUL byte", raw.count(b"\n", 0, nul) + 1, "save it as UTF-8 text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        bad("is not UTF-8 text", raw.count(b"\n", 0, error.start) + 1, "save it as UTF-8 text")
    try:
        loader = _LOADER(text)
    except yaml.YAMLError as error:  # the pure Python reader checks characters at once
        bad(f"not valid YAML: {_problem(error)}")
    try:
        builder = _Builder(path, dialect or _OURS)
        data, place = builder.build(loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else None
        if "maximum nesting depth" in _problem(error):  # a limit of the parser's own, since PyYAML 6.0.4
            bad(f"nested deeper than {MAX_DEPTH} levels", line)
        bad(f"not valid YAML: {_problem(error)}", line)
    finally:
        loader.dispose()
    if data is None:
        bad("is empty")
    return Document(path, data, place, builder.ignored)


def _problem(error: yaml.YAMLError) -> str:
    text = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be parsed")
    return text if text.isprintable() else repr(text)


def _read(path: Path) -> bytes:
    """At most MAX_BYTES + 1 bytes of a regular file (a FIFO or a device must not block us)."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise InputError("is not a regular file", where=Where(shown_path(path)))
            parts: list[bytes] = []
            left = MAX_BYTES + 1
            while left > 0 and (part := os.read(fd, left)):
                parts.append(part)
                left -= len(part)
            return b"".join(parts)
        finally:
            os.close(fd)
    except FileNotFoundError:
        raise InputError("no such file", where=Where(shown_path(path))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a usable path"
        raise InputError(f"cannot be read: {reason}", where=Where(shown_path(path))) from None


class _Frame:
    """A collection being filled."""

    __slots__ = ("anchor", "data", "inside", "key", "key_line", "line", "size")

    def __init__(self, data: Any, inside: Any, anchor: str | None, line: int) -> None:
        self.data, self.inside, self.anchor, self.line = data, inside, anchor, line
        self.key: str | None = None
        self.key_line = 0
        self.size = 1


class _Builder:
    """Events to data and places, with a stack of our own."""

    def __init__(self, path: Path, dialect: Dialect) -> None:
        self.path = path
        self.dialect = dialect
        self.ignored: int | None = None
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Any, Place, int]] = {}
        self.root: tuple[Any, Place] | None = None

    def build(self, loader: Any) -> tuple[Any, Place]:
        get_event = loader.get_event
        stack = self.stack
        while True:
            event = get_event()
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self.scalar(event)
            elif kind is yaml.SequenceStartEvent or kind is yaml.MappingStartEvent:
                self.start(event, [] if kind is yaml.SequenceStartEvent else {})
            elif kind is yaml.SequenceEndEvent or kind is yaml.MappingEndEvent:
                frame = stack.pop()
                self.put(frame.data, (frame.line, frame.inside), frame.size, frame.anchor)
            elif kind is yaml.AliasEvent:
                self.alias(event)
            elif kind is yaml.DocumentStartEvent and self.root is not None:
                if self.dialect.first_only:
                    self.ignored = event.start_mark.line + 1
                    return self.root
                self.bad("a second YAML document begins here", event, "one document a file")
            elif kind is yaml.StreamEndEvent:
                return self.root or (None, (1, None))

    def bad(self, what: str, event: Any, hint: str | None = None) -> NoReturn:
        raise InputError(what, where=Where(shown_path(self.path), event.start_mark.line + 1), hint=hint)

    def scalar(self, event: Any) -> None:
        frame = self.stack[-1] if self.stack else None
        line = event.start_mark.line + 1
        text: str = event.value
        if frame is not None and frame.key is None and type(frame.data) is dict:
            if text in frame.data:
                first = frame.inside[text][0]
                self.bad(f"duplicate key {shown(text)}", event, f"it is already set in line {first}")
            frame.key, frame.key_line = text, line
            return
        tag = event.tag
        value: Any = text
        if tag is None:
            if event.implicit[0]:
                value = self.dialect.plain(text)
        elif tag not in _STR_TAGS:
            self.bad(f"tag {shown(tag)} is not allowed", event, "write a plain or quoted value")
        self.put(value, (line, None), 1, event.anchor)

    def start(self, event: Any, data: Any) -> None:
        if event.tag is not None and event.tag not in _COLLECTION_TAGS:
            self.bad(f"tag {shown(event.tag)} is not allowed", event, "write a plain list or mapping")
        if len(self.stack) >= MAX_DEPTH:
            self.bad(f"nested deeper than {MAX_DEPTH} levels", event)
        self.need_value(event)
        self.stack.append(_Frame(data, type(data)(), event.anchor, event.start_mark.line + 1))

    def alias(self, event: Any) -> None:
        self.need_value(event)
        known = self.anchors.get(event.anchor)
        if known is None:
            self.bad(f"alias {shown(event.anchor)} has no anchor before it", event)
        data, (_, inside), size = known
        if sum(frame.size for frame in self.stack) + size > MAX_NODES or len(self.stack) + _depth(inside) > MAX_DEPTH:
            self.bad(f"aliases expand to more than {MAX_NODES} values or {MAX_DEPTH} levels", event)
        self.put(data, (event.start_mark.line + 1, inside), size, None)

    def need_value(self, event: Any) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and frame.key is None and type(frame.data) is dict:
            self.bad("a key must be a plain word", event, "quote it if it begins with a bracket, brace or asterisk")

    def put(self, value: Any, place: Place, size: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, place, size)
        if not self.stack:
            self.root = (value, place)
            return
        frame = self.stack[-1]
        frame.size += size
        if frame.key is not None:
            frame.data[frame.key] = value
            frame.inside[frame.key] = (frame.key_line, place[1])
            frame.key = None
        else:
            frame.data.append(value)
            frame.inside.append(place)


def _depth(inside: Any) -> int:
    """Levels of an already bounded tree (the recursion is at most MAX_DEPTH deep)."""
    if not inside:
        return 0
    places = inside.values() if isinstance(inside, dict) else inside
    return 1 + max(_depth(place[1]) for place in places)


def _plain(text: str) -> Any:
    """The value of an unquoted scalar: YAML 1.2 core schema, but for numbers no hand would write."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789+-":
        if _INT.fullmatch(text):
            return int(text)
        if _HEX.fullmatch(text):
            return int(text, 16)
        if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
            return number
    return text


_OURS = Dialect(_plain)
