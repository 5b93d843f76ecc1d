"""What Debian's copyright files declare, as SPDX has it; what is not surely known is said in their words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from license_expression import get_spdx_licensing

from harness.image.sbom.licences import _GNU_VERSIONS, _KNOWN, declared, expression, identifier

HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: it\n"


def paragraphs(*licences: str) -> bytes:
    return (
        HEAD + "".join(f"\nFiles: {n}\nCopyright: us\nLicense: {name}\n" for n, name in enumerate(licences))
    ).encode()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("GPL-2", "GPL-2.0-only"), ("GPL-2+", "GPL-2.0-or-later"), ("gpl-2.0+", "GPL-2.0-or-later"),
        ("LGPL-2.1", "LGPL-2.1-only"), ("AGPL-3+", "AGPL-3.0-or-later"), ("Expat", "MIT"), ("zlib", "Zlib"),
        ("GPL-2.1", None), ("GPL-4", None), ("public-domain", None), ("GPL", None), ("", None),
    ],
)  # fmt: skip
def test_identifiers(name: str, found: str | None) -> None:
    assert identifier(name) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("GPL-2+ or Artistic", "(GPL-2.0-or-later OR Artistic-1.0-Perl)"),
        ("Expat and BSD-3-clause", "MIT AND BSD-3-Clause"),
        ("Expat or mit", "MIT"),
        ("GPL-2+ with OpenSSL exception", None),
        ("GPL-2+ or Artistic, and Expat", None),
        ("(Expat)", None),
    ],
)
def test_expressions(text: str, found: str | None) -> None:
    assert expression(text) == found


def test_all_that_we_write_is_spdx() -> None:
    gnu = [
        f"{family}-{version}{plus}"
        for family, all_of in _GNU_VERSIONS.items()
        for version in all_of
        for plus in ("", "+")
    ]
    licensing = get_spdx_licensing()
    for name in (*gnu, *_KNOWN):
        found = identifier(name)
        assert found is not None
        assert not licensing.validate(found, strict=True).errors, found


def test_the_licences_of_all_files_count() -> None:
    assert declared(paragraphs("GPL-2+\n text of it", "Expat", "Expat")) == ("MIT AND GPL-2.0-or-later", "")
    assert declared(paragraphs("GPL-2+", "its own")) == ("", "Debian's copyright file names: GPL-2+; its own")


@pytest.mark.parametrize(
    "text", [b"", b"This is free.", HEAD.encode(), b"\xff" * 100, HEAD.encode() + b"\nFiles: *\nLicense:\n"]
)
def test_what_says_nothing(text: bytes) -> None:
    assert declared(text) == ("", "")


@given(st.binary(max_size=400))
def test_no_text_of_a_stranger_is_an_error(rest: bytes) -> None:
    licence, comment = declared(HEAD.encode() + b"\nFiles: *\nLicense: " + rest)
    assert len(comment) <= 1000
    assert not licence or not comment
