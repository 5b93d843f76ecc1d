"""A private apt: packages of any architecture, while the host's dpkg and apt never hear of it.

    <root>/apt/<arch>/          apt.conf, sources.list, lists/, an empty status file
    <root>/apt/<arch>/answers/  <package>.<suite>.json: what a package name stood for when it was first asked

An answer is kept for good, so a warm run never touches the network and a kernel does not change under a bisection;
`resolve(again=True)` asks anew, and a failure then leaves the kept answer as it is. apt itself checks the signatures;
nothing here is ever marked as trusted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.errors import HostError
from harness.kernel.sources import Source, host_sources, sources_of, stanzas
from harness.store import Progress, Store, no_space_left, silent, write_atomically

ATTEMPTS = 3  # for whatever needs the network
_NETWORK = "check the network and the host's apt sources (apt-get update), then run again"
_PATIENCE = 900  # seconds for one apt command, which has timeouts of its own for every connection


@dataclass(frozen=True, slots=True)
class Answer:
    """What a package name stands for: exactly one file of the archive."""

    package: str  # a metapackage resolved to what it depends on
    version: str
    arch: str  # Debian's name
    sha256: str
    size: int  # bytes


class NoPackage(HostError):
    """The archive answered, and has no package of that name for that architecture."""


class AptRoot:
    """The private apt of one Debian architecture, in a store. Commands of one root wait for each other.

    It has the host's own release, or another `suite` of the same archive, and of that one `component`.
    """

    def __init__(
        self,
        store: Store,
        arch: str,
        *,
        suite: str | None = None,
        component: str = "main",
        sources: Callable[[], Sequence[Source]] | None = None,
        progress: Progress = silent,
    ) -> None:
        self.store, self.arch = store, arch
        words = [arch, *([suite] if suite else []), *([component] if component != "main" else [])]
        self.folder = store.root / "apt" / ".".join(words)
        self._sources = sources or (lambda: sources_of(suite, component) if suite else host_sources())
        self.progress = progress
        self._suite = suite

    def resolve(self, package: str, *, again: bool = False) -> Answer:
        """What `package` stands for: as answered before (unless `again`), or by the archive. Raises HostError."""
        kept = self._answer_file(package)
        if not again and (answer := _read_answer(kept)):
            return answer
        with self.store.lock("apt", self.arch):
            if not again and (answer := _read_answer(kept)):
                return answer
            stanza = self._show(package) if (self.folder / "updated").exists() and not again else None
            if stanza is None:
                self._update(package)
                stanza = self._show(package)
            # A metapackage is followed to the kernel it stands for.
            if stanza and (real := re.search(r"(?:^|[\s,])(linux-image-\d[a-z0-9.+-]*)", stanza.get("Depends", ""))):
                stanza = self._show(real[1])
            if stanza is None:
                if missing := (self.folder / "updated").read_text(encoding="utf-8"):
                    raise HostError(missing, hint=_NETWORK)
                raise NoPackage(
                    f"Debian has no package {package} for {self.arch} in {self._suites()}",
                    hint="check the name in the target, or give a kernel file of your own",
                )
            answer = Answer(
                stanza["Package"], stanza["Version"], self.arch, stanza["SHA256"].lower(), int(stanza["Size"])
            )
            write_atomically(kept, json.dumps(asdict(answer)).encode())
        return answer

    def download(self, answer: Answer, into: Path) -> None:
        """Put the package's file into `into` as `package.deb`; apt has checked its hash against the signed index."""
        with self.store.lock("apt", self.arch):
            if not (self.folder / "updated").exists():  # the answers were kept, the lists were not
                self._update(answer.package)
            self.progress(f"fetching {answer.package} {answer.version} ({answer.size >> 20} MiB)")
            self._apt_get(f"{answer.package}:{self.arch}", ["download", f"{answer.package}={answer.version}"], into)
        files = list(into.glob("*.deb"))
        if len(files) != 1:
            raise HostError(f"apt-get download {answer.package} for {self.arch} left {len(files)} files instead of one")
        files[0].rename(into / "package.deb")

    def _answer_file(self, package: str) -> Path:
        return self.folder / "answers" / f"{package}.{_host_suite()}.json"

    def _update(self, package: str) -> None:
        """Fetch the signed package lists of this architecture."""
        sources = self._sources()
        (self.folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (self.folder / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        (self.folder / "answers").mkdir(exist_ok=True)
        (self.folder / "status").write_bytes(b"")
        write_atomically(
            self.folder / "sources.list", "".join(f"{source.line(self.arch)}\n" for source in sources).encode()
        )
        write_atomically(self.folder / "apt.conf", configuration(self.folder, self.arch).encode())
        self.progress(f"reading Debian's package lists for {self.arch}")
        try:
            self._apt_get(f"{package}:{self.arch}", ["update"], self.folder)
            missing = ""
        except HostError as problem:
            # A mirror may be in the middle of an update in one suite for hours. What apt did accept is signed and
            # complete, so a package found there is good, if not the newest; nothing at all is an error.
            if not list((self.folder / "lists").glob("*_Packages*")):
                raise
            missing = problem.what
            self.progress(f"going on without a part of Debian's package lists: {missing}")
        (self.folder / "updated").write_text(missing, encoding="utf-8")

    def _suites(self) -> str:
        return ", ".join(dict.fromkeys(source.suite for source in self._sources()))

    def _show(self, package: str) -> dict[str, str] | None:
        """The record of the package's candidate version."""
        done = self._run(["apt-cache", "show", "--no-all-versions", "--", package], self.folder)
        found = [stanza for stanza in stanzas(done.stdout) if {"Package", "Version", "SHA256", "Size"} <= stanza.keys()]
        return found[0] if found and found[0]["Package"] == package else None

    def _apt_get(self, wanted: str, words: Sequence[str], cwd: Path) -> None:
        """Run a command that needs the network; try again when it fails, for mirrors have bad moments."""
        said = ""
        for attempt in range(1, ATTEMPTS + 1):
            done = self._run(["apt-get", *words], cwd)
            if done.returncode == 0:
                return
            said = complaint(done.stderr)
            if full := no_space_left(done.stderr, self.store.root, "package", 1 << 30):
                raise full
            if attempt < ATTEMPTS:
                self.progress(f"{wanted}: {said}; trying again ({attempt + 1} of {ATTEMPTS})")
        servers = ", ".join(dict.fromkeys(source.uri for source in self._sources()))
        raise HostError(
            f"cannot fetch {wanted} from {servers}: {said}",
            hint=_NETWORK,
        )

    def _run(self, words: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        name, *rest = words
        argv = [name, "-c", str(self.folder / "apt.conf"), "-q", *rest]
        environment = {key: value for key, value in os.environ.items() if key != "APT_CONFIG"}
        environment |= {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        if shutil.which(name) is None:
            raise HostError(f"this host has no {name}", hint="run on Debian or in a Debian container")
        try:
            return subprocess.run(
                argv,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired as problem:
            raise HostError(f"{name} {rest[0]} for {self.arch} did not end in {_PATIENCE} s") from problem


def configuration(folder: Path, arch: str) -> str:
    """The apt.conf of a private root: read after the host's own, whose proxies and certificates stay in force."""
    if set(str(folder)) & set('";\\') or not str(folder).isprintable():
        raise HostError(f"apt cannot work in {folder}: a quote, a semicolon or worse in its name")
    return f"""\
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
#clear Acquire::Languages;
#clear Acquire::IndexTargets::deb::Translations;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::Contents-deb;
#clear Acquire::IndexTargets::deb::CNF;
APT::Architecture "{arch}";
APT::Architectures {{ "{arch}"; }};
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages {{ "none"; }};
Acquire::Retries "1";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::State::extended_states "{folder}/extended_states";
Dir::Cache "{folder}";
Dir::Cache::archives "{folder}/archives";
Dir::Cache::pkgcache "{folder}/pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "{folder}";
"""


def complaint(said: str) -> str:
    """apt's first error, as one printable line: a server's text goes no further than this."""
    lines = ["".join(char for char in line if char.isprintable()).strip() for line in said.splitlines()]
    errors = [line[2:].strip() for line in lines if line.startswith("E:")] or [line for line in lines if line]
    return errors[0][:300] if errors else "it said nothing"


def _read_answer(kept: Path) -> Answer | None:
    """A kept answer; a damaged one is as good as none."""
    try:
        answer = Answer(**json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return answer if re.fullmatch(r"[0-9a-f]{64}", str(answer.sha256)) else None


def _host_suite() -> str:
    """The host's release, so that an upgraded host asks again."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
    found = re.search(r"^VERSION_CODENAME=([a-z]+)$", text, re.MULTILINE)
    return found[1] if found else "unknown"
