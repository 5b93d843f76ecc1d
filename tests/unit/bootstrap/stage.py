"""A stage for the script `bootmatrix`: a copy of it in a folder of its own, and a PATH on which nothing is real.

apt-get, dpkg, sudo, QEMU and Python are stubs that write down how they were called and do what a file tells them; only
the shell's everyday tools are the host's. The one line of the copy that is changed sends it to this stage's `system`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
REAL_TOOLS = (
    "awk",
    "cat",
    "chmod",
    "cksum",
    "cp",
    "env",
    "flock",
    "ls",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sh",
    "tee",
    "tr",
)
FIRMWARE = (
    "usr/share/OVMF/OVMF_CODE_4M.fd",
    "usr/share/AAVMF/AAVMF_CODE.fd",
    "usr/share/keyrings/debian-archive-keyring.gpg",
)
QEMUS = ("qemu-system-x86_64", "qemu-system-aarch64", "qemu-system-arm")
BUILD_TOOLS = ("make", "gcc", "flex", "bison", "bc", "xz", "lz4", "skopeo", "dtc")
IMAGE_TOOLS = {  # and the packages they are in
    "grub-mkimage": "grub-common",
    "mcopy": "mtools",
    "mkfs.vfat": "dosfstools",
    "mkfs.erofs": "erofs-utils",
    "sqfstar": "squashfs-tools",
    "xorriso": "xorriso",
    "sfdisk": "fdisk",
    "fakeroot": "fakeroot",
    "sbsign": "sbsigntool",
    "mmdebstrap": "mmdebstrap",
    "swtpm": "swtpm",
}
HEADERS = {"usr/include/stdio.h": "libc6-dev", "usr/include/gelf.h": "libelf-dev"}
SOURCES = "etc/apt/sources.list.d/bootmatrix-backports.sources"

# Every stub starts by noting its name and arguments in one line.
_NOTE = (
    '#!/bin/sh\nstage={stage}\nprintf "%s\\n" "${{0##*/}} $*" >>"$stage/calls"\ntold() {{ cat "$stage/told/$1"; }}\n'
)

# For what runs long or stays: it must not hold the lock (descriptor 9), nor take the stdin that is the command's.
_GUEST = '{ true >&9; } 2>/dev/null && echo "lock leaked to ${0##*/}" >>"$stage/calls"\n'
_GREEDY = _GUEST + "cat >/dev/null\n"

_QEMU = 'echo "QEMU emulator version $(told qemu) (Debian 1:$(told qemu)+ds-1)"\n'

# `update` and `install` end as told; a successful `install` of QEMU puts the offered version on the PATH, and that of
# a package which a test has put into the folder `offered` puts its files there.
_APT_GET = """
case " $* " in
    *" indextargets "*) told archive ;;
    *" update "*) exit "$(told update)" ;;
    *" install "*)
        [ "$(told install)" = 0 ] || { echo "E: Failed to fetch a package" >&2; exit 100; }
        for package; do
            [ ! -d "$stage/offered/$package" ] || cp "$stage/offered/$package"/* "$stage/bin"
        done
        case " $* " in *" qemu-utils "*) cp "$stage/qemu" "$stage/bin/qemu-img" ;; esac
        case " $* " in
            *" qemu-system-x86 "*)
                case " $* " in *" -t "*) told backports ;; *) told candidate ;; esac | sed 's/^1://' >"$stage/told/qemu"
                for name in qemu-system-x86_64 qemu-system-aarch64 qemu-system-arm; do
                    cp "$stage/qemu" "$stage/bin/$name"
                done ;;
        esac ;;
esac
"""
_APT_CACHE = """
for package; do :; done
version=$(told candidate)
[ ! -e "$stage/told/candidate-$package" ] || version=$(told "candidate-$package")
added=$stage/system/etc/apt/sources.list.d/bootmatrix-backports.sources
case " $* " in *" -t "*) [ ! -e "$added" ] || version=$(told backports) ;; esac
printf '%s:\\n  Installed: (none)\\n  Candidate: %s\\n' "$package" "$version"
"""
# As a Python it finds itself good, makes environments by copying itself, and installs a command that shows its
# arguments (each ended by NUL) and exits with 7. `pip install` first waits on the FIFO `gate`, if there is one.
_PYTHON = """
case "$*" in
    "-c import fcntl"*) exec "$(told real-python)" "$@" ;;
    "-c "*) told python ;;
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip --version") ;;
    "-m pip install "*)
        { true >&9; } 2>/dev/null && echo "lock leaked to pip" >>"$stage/calls"
        cat >/dev/null
        [ ! -p "$stage/gate" ] || cat "$stage/gate" >/dev/null
        [ "$(told pip)" = 0 ] || { echo "ERROR: no route to the package index" >&2; exit 1; }
        cp "$stage/command" "${0%/*}/bootmatrix" ;;
    "-m pytest"*) shift 2; pwd >"$stage/pytest-in"; printf '%s\\0' "$@" >"$stage/pytest"; exit 5 ;;
esac
"""
_COMMAND = 'printf "%s\\0" "$@"\nif [ "$1" = - ]; then cat; fi\nexit 7\n'


@dataclass
class Stage:
    """The stage's folders, and what to do on it."""

    folder: Path
    checkout: Path

    @property
    def script(self) -> Path:
        return self.checkout / "bootmatrix"

    @property
    def venv(self) -> Path:
        return self.checkout / ".venv"

    @property
    def system(self) -> Path:
        return self.folder / "system"

    def tell(self, **what: object) -> None:
        """Set what the stubs do.

        `update`, `install` and `pip` are exit statuses, `qemu`, `candidate` and `backports` versions, `uid` is the
        user's number, `python` the path the Python stub gives as its own, `archive` what `apt-get indextargets` prints.
        """
        for name, value in what.items():
            (self.folder / "told" / name).write_text(f"{value}\n")

    def stub(self, name: str, body: str = "") -> None:
        """Put a stub on the PATH, or replace it."""
        self._write(self.folder / "bin" / name, body)

    def offer(self, package: str, program: str, body: str = "") -> None:
        """Let apt-get have a package with one program in it."""
        folder = self.folder / "offered" / package
        folder.mkdir(parents=True)
        self._write(folder / program, body)

    def offer_qemu(self, package: str, program: str) -> None:
        self.offer(package, program, _QEMU)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.folder / "bin" / name).unlink()

    def calls(self, start: str = "") -> list[str]:
        """The calls of stubs since the last `forget`, those that begin with `start`."""
        path = self.folder / "calls"
        return [line for line in path.read_text().splitlines() if line.startswith(start)] if path.exists() else []

    def forget(self) -> None:
        (self.folder / "calls").unlink(missing_ok=True)

    def environment(self, **extra: str) -> dict[str, str]:
        return {"PATH": str(self.folder / "bin"), "HOME": str(self.folder), **extra}

    def run(self, *args: str, stdin: str = "", cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.script, *args],
            input=stdin,
            cwd=cwd or self.folder,
            env=self.environment(**env),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start it in a session of its own, so that all of it can be killed at once."""
        return subprocess.Popen(
            # A shell ignores SIGINT for what it starts in the background, such as these tests.
            ["env", "--default-signal=INT", self.script, *args],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _write(self, path: Path, body: str) -> None:
        path.unlink(missing_ok=True)  # a new file, as package managers do it
        path.write_text(_NOTE.format(stage=f"'{self.folder}'") + body)
        path.chmod(0o755)


def build(folder: Path) -> Stage:
    """A stage on a Debian 12 where all programs are there, but no virtual environment yet."""
    checkout = folder / "a checkout's folder"
    for new in (checkout, folder / "bin", folder / "told", folder / "system/etc/apt/sources.list.d"):
        new.mkdir(parents=True)
    stage = Stage(folder, checkout)

    text = (ROOT / "bootmatrix").read_text()
    assert text.count("\nsystem=''") == 1
    stage.script.write_text(text.replace("\nsystem=''", f"\nsystem='{stage.system}'"))
    stage.script.chmod(0o755)
    (checkout / "pyproject.toml").write_text("[project]\n")

    for path in (*FIRMWARE, *HEADERS):
        (stage.system / path).parent.mkdir(parents=True, exist_ok=True)
        (stage.system / path).touch()
    (stage.system / "etc/os-release").write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')

    for name in REAL_TOOLS:
        real = shutil.which(name)
        assert real, f"{name} is missing on this host"
        (folder / "bin" / name).symlink_to(os.path.realpath(real) if "busybox" not in real else real)
    for name in QEMUS:
        stage.stub(name, _QEMU)
    for name in ("qemu-img", "depmod", "dpkg-deb", "dpkg", "sleep", *BUILD_TOOLS, *IMAGE_TOOLS):
        stage.stub(name)
    stage.stub("id", "told uid\n")
    stage.stub("sudo", 'exec "$@"\n')
    stage.stub("apt-get", _GREEDY + _APT_GET)
    stage.stub("apt-cache", _APT_CACHE)
    stage.stub("python3", _PYTHON)
    stage._write(folder / "qemu", _QEMU)
    stage._write(folder / "command", _GUEST + _COMMAND)
    stage.tell(
        update=0, install=0, pip=0, uid=0, qemu="10.0.2", candidate="1:7.2+dfsg-7", backports="1:10.0.2+ds-2~bpo12+1"
    )
    (folder / "told/real-python").write_text(sys.executable)
    stage.tell(python=folder / "bin" / "python3", archive="")
    return stage
