"""Where this host gets Debian from: the archives of its own apt configuration, which reach it and are trusted by it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.errors import HostError

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Suites that apt does not take packages from unless told so; leaving them out keeps a kernel's version predictable.
_NOT_MAIN = ("-security", "-updates")
_NOT_AUTOMATIC = ("-backports", "-backports-sloppy", "-proposed-updates")


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of one archive. `keyring`: the keys that may sign it; None leaves that to apt's own trusted keys."""

    uri: str
    suite: str
    keyring: Path | None
    component: str = "main"

    def line(self, arch: str) -> str:
        """The line of a sources.list that has this suite's component for a Debian arch."""
        signed = f" signed-by={self.keyring}" if self.keyring else ""
        return f"deb [arch={arch}{signed}] {self.uri} {self.suite} {self.component}"


def host_sources() -> tuple[Source, ...]:
    """Debian's archives among the host's apt sources. Raises HostError without apt or without any."""
    found = tuple(dict.fromkeys(from_index_targets(_apt("indextargets", "Created-By: Packages"))))
    if not found:  # a host that never ran `apt-get update` knows its sources, but not yet whose they are
        found = tuple(dict.fromkeys(from_uris(_apt("update", "--print-uris"))))
    if not found:
        raise HostError(
            "this host's apt has no source of Debian's packages",
            hint="add Debian's archive to /etc/apt/sources.list.d, or give a kernel file of your own",
        )
    return found


def sources_of(suite: str, component: str = "main") -> tuple[Source, ...]:
    """Another suite of Debian, or another component of one, from where the host has its own. Raises HostError."""
    main = next((source for source in host_sources() if not source.suite.endswith(_NOT_MAIN)), None)
    if main is None:
        raise HostError(f"the host's apt has no main archive of Debian to take {suite} from")
    return (Source(main.uri, suite, main.keyring, component),)


def from_index_targets(text: str) -> Iterator[Source]:
    """Read what `apt-get indextargets` says: stanzas in deb822 form."""
    for stanza in stanzas(text):
        uri, suite = stanza.get("Repo-URI", "").rstrip("/"), stanza.get("Release", "")
        if stanza.get("Origin") == "Debian" and stanza.get("Component") == "main" and _plain(uri, suite):
            yield Source(uri, suite, _keyring(stanza.get("Sourcesentry", ""), uri))


def from_uris(text: str) -> Iterator[Source]:
    """Read what `apt-get update --print-uris` says; an archive is taken for Debian's by its path; apt checks."""
    for uri, suite in re.findall(r"^'([^']+?)/dists/([^'/]+)/InRelease'", text, re.MULTILINE):
        if urlsplit(uri).path.rsplit("/", 1)[-1] in ("debian", "debian-security") and _plain(uri, suite):
            yield Source(uri, suite, DEBIAN_KEYRING if DEBIAN_KEYRING.exists() else None)


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of a deb822 text as dicts; continuation lines are left out."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = (line.partition(":") for line in paragraph.splitlines() if line[:1] not in (" ", "\t", "#", ""))
        if stanza := {key.strip(): value.strip() for key, colon, value in fields if colon}:
            yield stanza


def _plain(uri: str, suite: str) -> bool:
    """Nothing that could become more than one word of a sources.list, and nothing of a suite that is not automatic."""
    plain = re.fullmatch(r"[a-z][a-z0-9+.-]*:[!-~]+", uri) and re.fullmatch(r"[A-Za-z0-9._/-]+", suite)
    return bool(plain) and not suite.endswith(_NOT_AUTOMATIC)


def _keyring(entry: str, uri: str) -> Path | None:
    """The `Signed-By` of the sources file that an archive came from, or Debian's own keyring."""
    file = Path(entry.rpartition(":")[0])
    named: Iterable[str] = ()
    if file.is_absolute() and file.is_file():
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".sources":
            named = (
                stanza.get("Signed-By", "")
                for stanza in stanzas(text)
                if uri in [word.rstrip("/") for word in stanza.get("URIs", "").split()]
            )
        else:
            lines = (line for line in text.splitlines() if uri in line and not line.lstrip().startswith("#"))
            named = (match[1] for line in lines if (match := re.search(r"\[[^\]]*signed-by=([^\s\]]+)", line)))
    for name in named:
        if re.fullmatch(r"/[!-~]+", name) and not set("[],") & set(name) and Path(name).is_file():
            return Path(name)
    return DEBIAN_KEYRING if DEBIAN_KEYRING.exists() else None


def _apt(*words: str) -> str:
    try:
        done = subprocess.run(
            ["apt-get", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError as problem:
        raise HostError(
            "this host has no apt-get, which Debian's kernels and busybox are fetched with",
            hint="run on Debian or in a Debian container",
        ) from problem
    return done.stdout
