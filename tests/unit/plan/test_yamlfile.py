"""One YAML file: what is read, what is refused, and where."""

from __future__ import annotations

import os
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import InputError
from harness.plan import yamlfile
from harness.plan.yamlfile import MAX_BYTES, MAX_DEPTH, load, parse

FILE = Path("f.yml")


def data(text: str) -> Any:
    return parse(text.encode(), FILE).data


def message(raw: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse(raw, FILE)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-3", -3), ("0x1F", 31), ("1.5", 1.5), ("1e3", 1000.0), ("true", True), ("False", False),
        ("null", None), ("~", None), ("", None),
        # traps of YAML 1.1, which are plain text here
        ("on", "on"), ("no", "no"), ("yes", "yes"), ("01.0", "01.0"), ("010", "010"), ("0o17", "0o17"),
        ("52:54:00:12:34:56", "52:54:00:12:34:56"), ("190:20:30", "190:20:30"), ("2001-12-14", "2001-12-14"),
        (".inf", ".inf"), (".nan", ".nan"), ("1e999", "1e999"), ("9" * 5000, "9" * 5000), ("1_000", "1_000"),
        ("'12'", "12"), ('"true"', "true"), ("!!str 12", "12"), ("! 12", "12"), ("<<", "<<"), ("=", "="),
    ],
)  # fmt: skip
def test_scalars(text: str, value: object) -> None:
    got = data(f"- {text}\n")[0]
    assert got == value
    assert type(got) is type(value)


def test_the_pure_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = b"a: &x [1, {b: on}]\nc: *x\nd: |\n  text\n  more\n1: ~\n? e\n: 'f'\n"
    fast = parse(text, FILE)
    monkeypatch.setattr(yamlfile, "_LOADER", yaml.SafeLoader)
    assert parse(text, FILE) == fast
    assert fast.data == {"a": [1, {"b": "on"}], "c": [1, {"b": "on"}], "d": "text\nmore\n", "1": None, "e": "f"}


def test_positions() -> None:
    document = parse(b"a:\n  b:\n    - x\n    - k: 1\n      m: 2\nc: 3\n", FILE)
    assert str(document.where(("a", "b", 1, "m"))) == "f.yml:5 (a.b[1].m)"
    assert str(document.where(("a", "b", 0))) == "f.yml:3 (a.b[0])"
    assert str(document.where(("c",))) == "f.yml:6 (c)"
    # what is not there is told at what is around it
    assert str(document.where(("a", "nope"))) == "f.yml:1 (a.nope)"
    assert str(document.where(("a", "b", 7))) == "f.yml:2 (a.b[7])"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"a: 1\nb: 2\na: 3\n", "f.yml:3: duplicate key 'a'; it is already set in line 1"),
        (b"x:\n  y: 1\n  'y': 2\n", "f.yml:3: duplicate key 'y'; it is already set in line 2"),
        (b"a: 1\nb: x\0y\n", "f.yml:2: contains a NUL byte"),
        (b"a: 1\nb: 2\nc: \xff\xfe\n", "f.yml:3: is not UTF-8 text"),
        ("a: ü\n".encode("latin-1"), "f.yml:1: is not UTF-8 text"),
        ("a: b\n".encode("utf-16"), "contains a NUL byte"),
        (b"a: [1, 2\nb: 3\n", "f.yml:2: not valid YAML"),
        (b"a: 'x\n", "not valid YAML"),
        (b"a:\n\t- b\n", "f.yml:2: not valid YAML"),
        (b'a: "\\ud800"\n', "not valid YAML"),
        (b"a: \x1b[31m\n", "not valid YAML"),
        (b"a: 1\n---\nb: 2\n", "f.yml:2: a second YAML document"),
        (b"a: 1\nb: !!python/object/apply:os.system [id]\n", "f.yml:2: tag 'tag:yaml.org,2002:python/object/apply"),
        (b"a: !!binary aGk=\n", "f.yml:1: tag 'tag:yaml.org,2002:binary' is not allowed"),
        (b"a: !include /etc/passwd\n", "tag '!include' is not allowed"),
        (b"a: !!set {b}\n", "is not allowed"),
        (b"? [a, b]\n: 1\n", "f.yml:1: a key must be a plain word"),
        (b"a: &x 1\n*x : 2\n", "f.yml:2: a key must be a plain word"),
        (b"a: *b\n", "f.yml:1: alias 'b' has no anchor before it"),
        (b"a: &a [*a]\n", "f.yml:1: alias 'a' has no anchor before it"),
        (b"", "f.yml: is empty"),
        (b"# nothing\n", "f.yml: is empty"),
        (b"\xef\xbb\xbf", "f.yml: is empty"),
        (b"[" * 100_000, f"f.yml:1: nested deeper than {MAX_DEPTH} levels"),
        (b"- " * 100_000, f"f.yml:1: nested deeper than {MAX_DEPTH} levels"),
        (b"{a: " * 100_000, f"f.yml:1: nested deeper than {MAX_DEPTH} levels"),
        (b"#" * (MAX_BYTES + 1), "f.yml: larger than 1024 KiB"),
    ],
    ids=lambda value: repr(value[:30]) if isinstance(value, bytes) else "",
)
def test_refused(raw: bytes, expected: str) -> None:
    assert expected in message(raw)


@pytest.mark.parametrize("shape", ["[{}]", "{{a: {}}}"])
def test_alias_bombs_are_counted_before_they_expand(shape: str) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 20):
        inner = ", ".join([f"*a{level - 1}"] * 9)
        body = f"[{inner}]" if shape == "[{}]" else "{" + ", ".join(f"k{i}: *a{level - 1}" for i in range(9)) + "}"
        lines.append(f"a{level}: &a{level} {body}")
    tracemalloc.start()
    try:
        assert "aliases expand to more than" in message("\n".join(lines).encode())
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_aliases_cannot_go_around_the_depth_limit() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [[[[*a{n - 1}]]]]" for n in range(1, 50)]
    assert "aliases expand to more than" in message("\n".join(lines).encode())


def test_files_that_are_no_files(tmp_path: Path) -> None:
    def told(path: Path) -> str:
        with pytest.raises(InputError) as caught:
            load(path)
        return str(caught.value)

    assert "no such file" in told(tmp_path / "none.yml")
    assert "not a regular file" in told(tmp_path)
    os.mkfifo(tmp_path / "fifo")  # must not block
    assert "not a regular file" in told(tmp_path / "fifo")
    assert "not a regular file" in told(Path("/dev/zero"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read" in told(tmp_path / "loop")
    assert "cannot be read" in told(tmp_path / "a\0b")
    assert "no such file" in (text := told(tmp_path / "evil\x1b[31m\nname"))
    assert text.isprintable()


def test_random_bytes_end_in_data_or_one_message() -> None:
    rng = random.Random(7)  # noqa: S311 - the same cases every time
    alphabet = [b"a", b":", b" ", b"\n", b"- ", b"[", b"]", b"{", b"}", b"*a", b"&a ", b"'", b'"', b"|", b"!", b"?",
                b"%", b"#", b",", b"\t", b"\xc3\xbc", b"\xff", b"\0", b"---\n", b"..."]  # fmt: skip
    accepted, told = 0, []
    for _ in range(3000):
        raw = b"".join(rng.choices(alphabet, k=rng.randint(1, 30)))
        try:
            parse(raw, FILE)
            accepted += 1
        except InputError as error:
            told.append(str(error))
    assert accepted > 100
    assert len(told) > 100
    assert all(text.isprintable() for text in told)
