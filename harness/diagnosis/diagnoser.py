"""Reads a console log of any length, piece by piece, and says what it tells."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from harness.diagnosis.attention import Attention
from harness.diagnosis.boots import BootRecord, Open
from harness.diagnosis.catalogue import all_rules
from harness.diagnosis.decide import boot_of, decide
from harness.diagnosis.diagnosis import Diagnosis, Milestone, Severity
from harness.diagnosis.message import Message, messages, plain
from harness.diagnosis.milestones import BANNER, CAPTURE, CONSOLE, MARK, SIGNS, Sign
from harness.diagnosis.needles import Hit, Needles, between
from harness.diagnosis.rule import Rule

_PENDING = 1 << 14
"""Bytes of a line without an end that are kept back."""
_PIECE = 1 << 14
"""Bytes that are looked at in one go: what is found in them is held until they are done."""
_OVERLAP = 1 << 9
"""Bytes of them that are looked at again with the next piece, so that no needle is cut in two."""
_WINDOW = 4096
_EMPTY = 16
"""Lines with nothing but a time that may stand behind the last one that says something."""
_COMBINATIONS = 1 << 10
"""Combinations of literals on one line whose rules are remembered."""
_BOOTS = 200
"""Boots that are kept: the first is dropped for the next."""


class Diagnoser:
    """`feed` it bytes as they come, then `finish`. Memory does not grow with the log, nor time by more than the log."""

    def __init__(self, rules: Iterable[Rule] | None = None) -> None:
        self._rules = tuple(all_rules() if rules is None else rules)
        self._by_name = {rule.name: rule for rule in self._rules}
        self._order: dict[str, int] = {rule.name: place for place, rule in enumerate(self._rules)}
        known: list[Rule | Sign] = [*self._rules, *SIGNS]
        self._needles: Needles[Rule | Sign] = _needles(known) if rules is not None else _all_needles()
        self._known: dict[tuple[int, ...], tuple[Sequence[Rule], Sequence[Sign]]] = {}
        self._attention = Attention(self._needles.search)
        self._line = 1  # number of the line at the start of what is not processed yet
        self._rest = b""
        self._boot = BootRecord(first_line=1)
        self._boots: deque[BootRecord] = deque(maxlen=_BOOTS)
        self._bytes = 0
        self._head = b""
        self._before = (b"", 0)  # the block in hand, and where its line in hand starts
        self._looked_at = (b"", "")  # the line that was read last, and what it says
        self._since_end = False  # whether the boot in hand said that it ends

    def feed(self, data: bytes) -> None:
        """The next bytes of the log, cut anywhere."""
        for place in range(0, len(data), _PIECE):
            self._feed(data[place : place + _PIECE])

    def _feed(self, data: bytes) -> None:
        if len(self._head) < 512:
            self._head += data[: 512 - len(self._head)]
        self._bytes += len(data)
        end = data.rfind(b"\n") + 1
        if end:
            self._process(self._rest + data[:end])
            self._rest = data[end:]
        else:
            self._rest += data
        if len(self._rest) > _PENDING:
            self._process(self._rest[:-_OVERLAP])
            self._rest = self._rest[-_OVERLAP:]

    def finish(self) -> Diagnosis:
        """The log has ended."""
        if self._rest:
            self._process(self._rest)
            self._rest = b""
        self._end_boot()
        boots = [boot_of(record, self._by_name) for record in self._boots]
        return decide(boots, [record.capture for record in self._boots], self._note())

    def _note(self) -> str:
        if not self._bytes:
            return "the log is empty"
        for magic, name in _MAGIC:
            if self._head.startswith(magic):
                return f"the file is {name}, not a console log: unpack it first"
        odd = sum(byte < 9 or 13 < byte < 27 for byte in self._head if byte)
        if odd * 8 > len(self._head):
            return "the file looks like a binary, not a console log"
        if self._attention.passed_over:
            return f"the log is flooded with words of failures: {self._attention.passed_over} of them were passed over"
        return ""

    def _process(self, block: bytes) -> None:
        block = plain(block)
        hits, found = self._attention.hits(block)
        done = 0  # everything before has been looked at
        counted = 0
        at, last = 0, len(hits)
        while at < last:
            place = hits[at][1]
            end = block.find(b"\n", place, place + _WINDOW)
            end = place + _WINDOW - _WINDOW // 8 if end < 0 else end
            while at < last and hits[at][1] < end:
                at += 1
            start = max(block.rfind(b"\n", max(done, place - _WINDOW), place) + 1, done)
            if place - start > _WINDOW // 8:
                start = place - _WINDOW // 8
            if self._boot.pending and start > done:
                self._follow(block, done, start)
            self._line += block.count(b"\n", counted, start)
            counted = start
            self._before = (block, start)
            raw = block[start:end]
            there = self._needles.search.in_bytes(raw) if found is None else between(found, start, end)
            self._look(raw, _distinct(there))
            done = min(end + 1, len(block))
        if self._boot.pending and done < len(block):
            self._follow(block, done, len(block))
        self._remember_last(block, counted, len(block))
        self._before = (b"", 0)
        self._line += block.count(b"\n", counted)

    def _follow(self, block: bytes, start: int, end: int) -> None:
        while self._boot.pending and start < end:
            stop = block.find(b"\n", start, end)
            stop = end if stop < 0 else stop
            for message in messages(_decoded(block[start : min(stop, start + _WINDOW)])):
                if message.text:
                    self._boot.follow(message.text)
            start = stop + 1

    def _remember_last(self, block: bytes, counted: int, end: int) -> None:
        begin = max(end - _WINDOW, 0)
        tail = block[begin:end].rstrip()
        raw, text = self._looked_at
        for _ in range(_EMPTY):
            if not tail:
                return
            start = tail.rfind(b"\n") + 1
            if tail[start:] != raw:
                text = "".join(each.text for each in messages(_decoded(tail[start:])))
            if text:
                self._boot.last_text = text
                at = begin + start
                ahead = block.count(b"\n", counted, at) if at >= counted else -block.count(b"\n", at, counted)
                self._boot.last_line = self._line + ahead
                return
            tail = tail[:start].rstrip()

    def _look(self, raw: bytes, needles: tuple[int, ...]) -> None:
        rules, signs = self._known_by(needles)
        said = list(messages(_decoded(raw)))
        for message in said:
            if not message.text:
                continue
            if message.at:
                self._boot.stamped = True
            for sign in signs:
                found = sign.pattern.search(message.text)
                if found:
                    self._sign(sign, message, {k: v for k, v in found.groupdict().items() if v})
            self._rules_on(message, rules)
        self._looked_at = raw.rstrip(), "".join(message.text for message in said)

    def _known_by(self, needles: tuple[int, ...]) -> tuple[Sequence[Rule], Sequence[Sign]]:
        known = self._known.get(needles)
        if known is None:
            if len(self._known) >= _COMBINATIONS:
                self._known.clear()
            items = {id(item): item for needle in needles for item in self._needles[needle]}.values()
            rules = sorted((k for k in items if isinstance(k, Rule)), key=lambda rule: self._order[rule.name])
            known = self._known[needles] = rules, [k for k in items if isinstance(k, Sign)]
        return known

    def _rules_on(self, message: Message, rules: Iterable[Rule]) -> None:
        if self._boot.pending:
            self._boot.follow(message.text)
        for rule in rules:
            found = rule.compiled.search(message.text)
            if not found:
                continue
            if rule.severity is not Severity.BENIGN:
                groups = {name: value.strip() for name, value in found.groupdict().items() if value}
                if rule.severity is Severity.PANIC:
                    self._since_end = True
                self._boot.open(Open(rule, self._line, message.text, groups, None))
            return

    def _sign(self, sign: Sign, message: Message, groups: dict[str, str]) -> None:
        if sign is CAPTURE:
            self._boot.capture = True
            return
        if sign is CONSOLE:
            self._boot.console_line = self._line
            return
        name = groups["step"] if sign is MARK else sign.name
        if self._is_another_boot(sign, message, name):
            self._end_boot()
        if sign is BANNER and message.at is not None:
            self._boot.stamped = True
        if name in {"restart", "poweroff"}:
            self._since_end = True
        detail = groups.get("detail", groups.get("busybox", ""))
        self._boot.add_milestone(Milestone(name, self._line, message.text, detail))

    def _is_another_boot(self, sign: Sign, message: Message, name: str) -> bool:
        boot = self._boot
        if sign is BANNER:
            if not boot.has("kernel"):
                # What is known already is of a kernel whose beginning is not in the log.
                return self._since_end
            if self._line - boot.console_line <= 2:
                return False  # a console that was switched on is told everything from the start
            if boot.stamped and message.at is None and not self._since_end:
                return False  # somebody prints /proc/version
            if message.at is not None and message.at > 60:
                return False
            return self._since_end or not boot.has("login", "shell", "ready")
        if not sign.starts:
            return False
        if boot.has("kernel"):
            return True
        return self._since_end or any(step.name == name and step.text == message.text for step in boot.milestones)

    def _end_boot(self) -> None:
        block, start = self._before
        if start:
            self._remember_last(block, start, start)
        self._boot.close()
        self._boot.last_line = max(self._boot.last_line, self._boot.first_line)
        self._boots.append(self._boot)
        self._boot = BootRecord(first_line=self._line)
        self._since_end = False


_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ", "xz"),
    (b"BZh", "bzip2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "an ELF binary"),
)
_SHARED: list[Needles[Rule | Sign]] = []


def _needles(known: Iterable[Rule | Sign]) -> Needles[Rule | Sign]:
    return Needles((needle, each) for each in known for needle in each.needles)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _distinct(hits: Sequence[Hit]) -> tuple[int, ...]:
    if len(hits) == 1:
        return (hits[0][0],)
    return tuple(sorted({hit[0] for hit in hits}))


def _all_needles() -> Needles[Rule | Sign]:
    if not _SHARED:
        _SHARED.append(_needles([*all_rules(), *SIGNS]))
    return _SHARED[0]


def diagnose(data: bytes) -> Diagnosis:
    """The diagnosis of a log that is in memory."""
    diagnoser = Diagnoser()
    diagnoser.feed(data)
    return diagnoser.finish()
