"""Kernel `distro`: Debian's package for the target's architecture, unpacked once into the store."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from pathlib import Path

from harness.errors import HostError, InputError, Where
from harness.kernel.aptroot import Answer, AptRoot
from harness.kernel.artifact import KernelArtifact
from harness.kernel.debian import Superseded, fetch_answer, fetch_exact, unpack
from harness.plan.target import Target
from harness.store import Progress, Store, silent
from harness.words import Arch

_LAYOUT = 1  # of an unpacked kernel; part of its key
_ROOM = 1 << 30  # bytes; the largest of Debian 12 takes 420 MB
_PARTS = ("linux-base", "linux-binary", "linux-modules")  # what a kernel's package has been split into since Debian 14
_WARM = ("kernel", "config")  # a warm run looks at these; the thousands of modules only when an initrd is made


def distro_kernel(
    target: Target,
    store: Store,
    progress: Progress = silent,
    *,
    thorough: bool = False,
) -> KernelArtifact:
    """The target's kernel package, unpacked and indexed by depmod.

    `thorough`: look at every file of it, modules included, and unpack again where one is damaged.
    Raises InputError where the target's device tree is not in the package, HostError where it cannot be fetched.
    """
    apt = AptRoot(store, target.arch.debian, suite=target.kernel.suite, progress=progress)
    where = target_file(target, "kernel.package")
    artifact, _ = package_kernel(
        apt, target.kernel.package, target.arch, where=where, dtb=target.kernel.dtb, thorough=thorough
    )
    dtb_of(target, artifact)
    return artifact


def package_kernel(
    apt: AptRoot, package: str, arch: Arch, *, where: Where, dtb: str | None = None, thorough: bool = False
) -> tuple[KernelArtifact, Answer]:
    """The unpacked kernel of a metapackage, and what the archive said of it.

    `where`: the place that names it. `dtb`: a device tree that is looked at, too. Raises as `distro_kernel` does.
    """
    try:
        answer = apt.resolve(package)
        return _unpacked(apt, package, answer, arch, where=where, dtb=dtb, thorough=thorough), answer
    except Superseded:
        answer = apt.resolve(package)
        return _unpacked(apt, package, answer, arch, where=where, dtb=dtb, thorough=thorough), answer


def _unpacked(
    apt: AptRoot, package: str, answer: Answer, arch: Arch, *, where: Where, dtb: str | None, thorough: bool
) -> KernelArtifact:
    if not answer.package.startswith("linux-image-"):
        raise InputError(
            f"{package} is not a kernel package",
            where=where,
            hint="use one of Debian's metapackages, such as linux-image-arm64",
        )
    release = answer.package.removeprefix("linux-image-").removesuffix("-unsigned")
    inputs = {"layout": _LAYOUT, "deb": answer.sha256}

    def make(folder: Path) -> None:
        deb = fetch_exact(apt, package, answer)
        apt.progress(f"unpacking {answer.package} {answer.version}")
        unpack(deb, folder, lambda name: placed(name, release))
        if not (folder / "kernel").is_file():
            for part in _PARTS:
                unpack(fetch_answer(apt, f"{part}-{release}"), folder, lambda name: placed(name, release))
        if not (folder / "kernel").is_file():
            raise HostError(f"{answer.package} {answer.version} has no kernel {release} in boot/")
        if (folder / "lib/modules" / release).is_dir():
            depmod(folder, release)

    entry = apt.store.path("kernel", inputs)
    tree = f"dtbs/{dtb}"
    need = None if thorough else [*_WARM, tree] if dtb and (entry / tree).is_file() else _WARM
    entry = apt.store.get("kernel", inputs, make, need=need, room=_ROOM)
    modules, dtbs, system_map = entry / "lib/modules" / release, entry / "dtbs", entry / "System.map"
    return KernelArtifact(
        image=entry / "kernel",
        release=release,
        arch=arch,
        config=entry / "config",
        modules=entry if modules.is_dir() else None,
        system_map=system_map if system_map.is_file() else None,
        dtbs=dtbs if dtbs.is_dir() else None,
        origin=f"{answer.package} {answer.version}",
        key=entry.name,
    )


def placed(name: str, release: str) -> str | None:
    """Where a file of a kernel package goes in the store; None for what nobody needs."""
    name = name.removeprefix("usr/")  # newer packages keep everything below usr/
    for prefix, place in (
        (f"boot/vmlinuz-{release}", "kernel"),
        (f"boot/vmlinux-{release}", "kernel"),
        (f"boot/config-{release}", "config"),
        (f"boot/System.map-{release}", "System.map"),
        (f"lib/modules/{release}/vmlinuz", "kernel"),
        (f"lib/modules/{release}/config", "config"),
        (f"lib/modules/{release}/System.map", "System.map"),
    ):
        if name == prefix:
            return place
    for prefix in (f"lib/linux-image-{release}/", f"lib/modules/{release}/dtb/"):
        if name.startswith(prefix):
            return f"dtbs/{name.removeprefix(prefix)}"
    return name if name.startswith(f"lib/modules/{release}/") else None


def dtb_of(target: Target, kernel: KernelArtifact) -> Path | None:
    """The target's device tree in a kernel's folder of them; None where it names none. Raises InputError."""
    wanted = target.kernel.dtb
    if wanted is None:
        return None
    if kernel.dtbs and ".." not in Path(wanted).parts and (kernel.dtbs / wanted).is_file():
        return kernel.dtbs / wanted
    known = sorted(str(path.relative_to(kernel.dtbs)) for path in kernel.dtbs.rglob("*.dtb")) if kernel.dtbs else []
    # A right name in the wrong folder is the usual mistake, and no spelling distance finds it.
    near = [name for name in known if Path(name).name == Path(wanted).name]
    near = near or difflib.get_close_matches(wanted, known, 1, 0.4)
    raise InputError(
        f"{kernel.origin} has no device tree {wanted}",
        where=target_file(target, "kernel.dtb"),
        hint=f"did you mean {near[0]}?" if near else "it has none at all" if not known else None,
    )


def depmod(root: Path, release: str) -> None:
    """Index the modules below `root`/lib/modules/`release`, of whatever architecture. Raises HostError."""
    program = shutil.which("depmod") or shutil.which("depmod", path="/usr/sbin:/sbin")
    if program is None:
        raise HostError("this host has no depmod", hint="install the package kmod")
    argv = [program, "-b", str(root), release]
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, timeout=300
    )
    if done.returncode != 0 or not (root / "lib/modules" / release / "modules.dep").is_file():
        said = "".join(char for char in done.stderr if char.isprintable())[:300]
        raise HostError(f"depmod cannot index the modules of {release}: {said or 'it wrote no modules.dep'}")


def target_file(target: Target, key: str) -> Where:
    """A key of a target's file, for messages."""
    return Where(f"targets/{target.name}/target.yml", key=key)
