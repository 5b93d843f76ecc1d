r"""From the bytes of a console line to what was said: without colours, carriage returns, times and names of the sender.

Every recorder adds its own prefix: printk's `[    1.234567][    T1] `, `<4>`, syslog's `Jan  2 03:04:05 host kernel: `,
an ISO time of a CI system, `[12:34:56.789] ` of a terminal program, `kern  :warn  : ` of `dmesg -x`, grabserial's two
times, `[   12s] ` of a build service, `[12340] ` of Android's little kernel, `kern.warn kernel: ` of BusyBox' syslogd,
and what makers of phones have printk add: processor, task and its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 4096
"""Characters of a message that are looked at."""

_ESCAPE = re.compile(
    rb"(?:\x1b|\^\[|\xc2\x9b|\xe2\x90\x9b)"
    rb"(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[()][0-9A-B]|[78=>DEHMc])"
)
# An escape written out as `\x1b[0m` or `\e[0m` by whoever stored the log.
_WRITTEN_ESCAPE = re.compile(rb"\\(?:x1b|e|033|u001b)\[[0-9;]{0,16}[A-Za-z]")
# A colour whose escape was lost when somebody copied the log from a terminal or a web page.
_LOST_ESCAPE = re.compile(rb"\[(?:\d{1,2}(?:;\d{1,3}){0,4})?m")
_STAMP = (
    r"\[[ \t]*(?P<time>\d{1,12}\.\d{0,9})(?:[@,]\d{1,4})?\]"
    r"(?:\s?[\[(][ \t]*[TC]?\d{1,8}[\])]|[ \t]?[A-Z]?[ \t]?\[\d{1,3}: *[^\]\n]{1,24}: *\d{1,8}\]"
    r"|[ \t]{0,2}-?\(\d{1,3}\)\[\d{1,8}:[^\]\n]{1,24}\]|[ \t]c\d{1,2}(?:[ \t]{1,4}\d{1,8} \([^)\n]{1,24}\))?(?=[ \t]))?"
)
_PREFIX = re.compile(
    r"\s*(?:"
    + _STAMP
    + r"|<\d{1,3}>|\[ *\d{1,6}s\]|\[\d{1,6}\.\d{6} \d{1,6}\.\d{6}\]"
    + r"|\[?\d{4}-\d\d-\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?"
    + r"|\[?\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?\]?"
    # The month in the language of the machine: `Mär`, `gen`, `févr.`.
    + r"|\[?(?:[A-Z][a-z]{2} )?[^\W\d_]{3,5}\.? [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?\]?"
    + r"|\[\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?\]|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?=[ \t])"
    + r"|\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}(?: +\d+){0,2} [VDIWEF](?: [^\s:]{1,40} ?:)?"
    + r"|(?:kern|user|daemon|syslog) *:(?:emerg|alert|crit|err|warn|notice|info|debug) *:"
    + r"|(?:[^\s:\[\]]{0,64} |:HOSTNAME: )?kernel(?:\[\d*\])?:"
    + r"|[\w.<>-]{1,64} (?=(?:systemd|dracut[\w-]{0,20}|ignition)\[\d{1,8}\]: )"
    + r"|:HOSTNAME:"
    + r"|\d{1,9} (?=\[ *\d+\.\d+\])"
    + r"|(?:>[ \t]?){1,6}(?=[^\s>])(?!echo |printf |grep |dmesg |journalctl )"  # quoted in a mail
    + r"|[^\s:\[\]]{1,64} kern\.[a-z]{3,6} kernel:"
    + r"|[-.]\(\d{1,3}\)\[\d{1,8}:[^\]\n]{1,24}\]"
    + r"|\[\d{1,9}\](?= [A-Za-z])"
    + r")[ \t]?"
)
_GLUED = re.compile(r"(?<=\S)(?=\[ {0,6}\d{1,9}\.\d{6}\])|(?<=\S) (?=\[ {0,6}\d{1,9}\.\d{6}\])")


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, and when (seconds of the kernel's clock, None where none was printed)."""

    text: str
    at: float | None = None


def plain(block: bytes) -> bytes:
    r"""A block without escape sequences, NULs and backspaces; the number of LFs stays what it was."""
    # One byte is found forty times as fast as two, and most logs have none of these.
    if (
        b"\x1b" in block
        or (b"^" in block and b"^[" in block)
        or (b"\xc2" in block and b"\xc2\x9b" in block)
        or (b"\xe2" in block and b"\xe2\x90\x9b" in block)
    ):
        block = _ESCAPE.sub(b"", block)
    if b"\\" in block and any(escape in block for escape in (b"\\x1b", b"\\e[", b"\\033", b"\\u001b")):
        block = _WRITTEN_ESCAPE.sub(b"", block)
    if b"[0m" in block:
        block = _LOST_ESCAPE.sub(b"", block)
    return block.replace(b"\0", b"") if b"\0" in block else block


def messages(line: str) -> Iterator[Message]:
    """The messages of one line: more than one where a newline was lost between them."""
    line = line[:LONGEST]
    if "[" not in line[1:]:
        yield message(line)
        return
    start = 0
    for cut in _GLUED.finditer(line):
        # What stands before may be nothing but a prefix: then it belongs to the time behind it.
        if _is_prefix(line[start : cut.start()]):
            continue
        yield message(line[start : cut.start()])
        start = cut.end()
    yield message(line[start:])


def message(text: str) -> Message:
    """Strip what the recorders put before a message. At most eight of them: nobody has more."""
    at: float | None = None
    place = 0
    for _ in range(8):
        found = _PREFIX.match(text, place)
        if not found or found.end() == place:
            break
        if found["time"]:
            if at is not None and text[place : found.start("time")].strip("[ \t"):
                break
            at = float(found["time"])
        place = found.end()
    return Message(text[place:].strip("\r \t␍␊"), at)


def _is_prefix(text: str) -> bool:
    return len(text) <= 160 and not message(text + " ").text
