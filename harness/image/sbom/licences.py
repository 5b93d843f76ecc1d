"""What Debian's copyright files declare (DEP 5, machine-readable), in the identifiers of SPDX."""

from __future__ import annotations

import re

# Debian's short names that are not SPDX identifiers but for their case; those of the GNU licences follow a rule.
_KNOWN = {
    "apache-2": "Apache-2.0", "apache-2.0": "Apache-2.0", "artistic": "Artistic-1.0-Perl", "artistic-1": "Artistic-1.0",
    "artistic-2": "Artistic-2.0", "artistic-2.0": "Artistic-2.0", "bsd-2-clause": "BSD-2-Clause",
    "bsd-2": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "bsd-3": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause", "bsl-1.0": "BSL-1.0",
    "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0", "cc-by-3.0": "CC-BY-3.0", "cc-by-4.0": "CC-BY-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0", "cc-by-sa-4.0": "CC-BY-SA-4.0", "curl": "curl", "expat": "MIT", "mit": "MIT",
    "isc": "ISC", "mpl-1.1": "MPL-1.1", "mpl-2": "MPL-2.0", "mpl-2.0": "MPL-2.0", "openssl": "OpenSSL",
    "psf-2": "PSF-2.0", "unlicense": "Unlicense", "wtfpl": "WTFPL", "x11": "X11", "zlib": "Zlib", "0bsd": "0BSD",
    "epl-1.0": "EPL-1.0", "epl-2.0": "EPL-2.0", "edl-1.0": "BSD-3-Clause", "postgresql": "PostgreSQL", "ftl": "FTL",
}  # fmt: skip
_GNU = re.compile(r"(A?GPL|LGPL|GFDL)-([1-9])(?:\.([0-9]))?(\+|-only|-or-later)?", re.IGNORECASE)
_GNU_VERSIONS = {
    "GPL": ("1.0", "2.0", "3.0"), "LGPL": ("2.0", "2.1", "3.0"), "AGPL": ("3.0",), "GFDL": ("1.1", "1.2", "1.3"),
}  # fmt: skip
_MAX_BYTES = 1 << 20  # of a copyright file; the largest of Debian's are of half this size
_MAX_COMMENT = 1000


def identifier(name: str) -> str | None:
    """The SPDX identifier of a licence's short name; None where there is none that surely means the same."""
    word = name.strip()
    if match := _GNU.fullmatch(word):
        family, version = match[1].upper(), f"{match[2]}.{match[3] or 0}"
        if version not in _GNU_VERSIONS[family]:
            return None
        return f"{family}-{version}-{'or-later' if (match[4] or '').lower() in ('+', '-or-later') else 'only'}"
    return _KNOWN.get(word.lower())


def expression(text: str) -> str | None:
    """The SPDX expression of a DEP 5 one, such as `GPL-2+ or Artistic`; None where a part of it is not known."""
    if "(" in text or "," in text:  # precedence that words alone do not tell
        return None
    choices = []
    for choice in re.split(r"\s+or\s+", text.strip(), flags=re.IGNORECASE):
        parts = [identifier(part) for part in re.split(r"\s+and\s+", choice, flags=re.IGNORECASE)]
        if None in parts:
            return None
        choices.append(" AND ".join(dict.fromkeys(str(part) for part in parts)))
    unique = list(dict.fromkeys(choices))
    return f"({' OR '.join(unique)})" if len(unique) > 1 else unique[0]


def declared(copyright_file: bytes) -> tuple[str, str]:
    """The licences of all files of a package: an SPDX expression, or "" and the file's own words for a comment.

    ("", "") for a text that is not machine-readable.
    """
    # Not its `Copyright`, which writes of every old-fashioned address to standard error.
    from debian.deb822 import Deb822

    if len(copyright_file) > _MAX_BYTES:
        return "", ""
    text = copyright_file.decode("utf-8", "replace")
    if not text.lstrip().startswith(("Format:", "Format-Specification:")):
        return "", ""
    try:
        paragraphs = [one for one in Deb822.iter_paragraphs(text.splitlines()) if "Files" in one and "License" in one]
    except ValueError:
        return "", ""
    names = sorted(
        {first[0].strip() for one in paragraphs if (first := one["License"].splitlines()) and first[0].strip()}
    )
    expressions = [expression(name) for name in names]
    if names and None not in expressions:
        return " AND ".join(dict.fromkeys(str(one) for one in expressions)), ""
    comment = "Debian's copyright file names: " + "; ".join(" ".join(name.split()) for name in names)
    return "", comment[:_MAX_COMMENT] if names else ""
