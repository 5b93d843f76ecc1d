"""Console bytes become lines: whatever the bytes are, however they are torn, in bounded memory."""

from __future__ import annotations

import time

import pytest

from harness.boot.lines import LONGEST_LINE, Block, LineAssembler


def assemble(*chunks: bytes) -> list[Block]:
    assembler = LineAssembler()
    return [*(assembler.feed(chunk) for chunk in chunks), assembler.finish()]


def all_lines(*chunks: bytes) -> list[str]:
    found: list[str] = []
    for block in assemble(*chunks):
        if block.count:
            found += block.text.split("\n")
    return found


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"a\r\r\nb\r\r\n", ["a", "b"]),
        (b"10%\r20%\r\n", ["10% 20%"]),
        (b"\n\nx\n", ["", "", "x"]),
        (b"\x1b[0;31mred\x1b[0m\n", ["red"]),
        (b"\x1b[2J\x1b[01;01Hhello\x1b[5;9Hthere\n", [" hello there"]),
        (b"\x1b]0;title\x07text\n", ["text"]),
        (b"\x1b]0;title\x1b\\text\n", ["text"]),
        (b"\x1b]0;never ended\ntext\n", ["", "text"]),
        (b"\x1b(B\x1b=\x1bctext\n", ["text"]),
        (b"nul\x00 and \x08bell\x07\n", ["nul and bell"]),
        (b"\xff\xfe bad\n", ["�� bad"]),
        ("grüße\x85 € ok\n".encode(), ["grüße € ok"]),
        (b"tab\there\n", ["tab\there"]),
        ("one line\u2028still the same\n".encode(), ["one line\u2028still the same"]),
    ],
)
def test_text(raw: bytes, text: list[str]) -> None:
    assert all_lines(raw) == text


def test_torn_anywhere() -> None:
    """Cut at every place, and byte by byte: the lines are the same as in one piece."""
    raw = "\x1b[1;32mgrün\x1b[0m €\r\r\nzwei\x1b]0;t\x07\r\n\x1b[10;10Hdrei\n".encode()
    whole = all_lines(raw)
    assert whole == ["grün €", "zwei", " drei"]
    for cut in range(1, len(raw)):
        assert all_lines(raw[:cut], raw[cut:]) == whole, cut
    assert all_lines(*(raw[n : n + 1] for n in range(len(raw)))) == whole


def test_numbers_are_those_of_the_file() -> None:
    blocks = assemble(b"1\n2\n3", b"\n4\n\n", b"6")
    assert [(block.first, block.count) for block in blocks] == [(1, 2), (3, 3), (6, 0), (6, 1)]
    assert [block.partial for block in blocks] == ["3", "", "6", ""]
    assert blocks[-1].text == "6"


def test_partial_grows_until_its_line_is_whole() -> None:
    assembler = LineAssembler()
    assert assembler.feed(b"host lo").partial == "host lo"
    assert assembler.feed(b"gin: ").partial == "host login: "
    whole = assembler.feed(b"root\r\n")
    assert (whole.text, whole.partial, whole.first) == ("host login: root", "", 1)


def test_endless_line_is_cut_and_not_kept() -> None:
    assembler = LineAssembler()
    text = 0
    for _ in range(1000):
        block = assembler.feed(b"x" * 1000)
        text += len(block.text)
        assert len(block.partial) <= LONGEST_LINE
        assert block.count == 0
    whole = assembler.feed(b"\nnext\n")
    assert text + len(whole.text.split("\n")[0]) == 1_000_000
    assert (whole.first, whole.count) == (1, 2)  # it still was one line


def test_nothing_comes_of_nothing() -> None:
    assert assemble(b"") == [Block("", 1, 0, ""), Block("", 1, 0, "")]


@pytest.mark.parametrize("piece", [b"\x1b[", b"\x1b]", b"\x1b]0;", b"\r", b"\xf0\x9f", b"\x1b[1;", b"\x00"])
def test_hostile_bytes_take_linear_time(piece: bytes) -> None:
    raw = piece * ((1 << 19) // len(piece)) + b"\n"
    started = time.process_time()
    LineAssembler().feed(raw)
    assert time.process_time() - started < 1  # quadratic takes minutes
