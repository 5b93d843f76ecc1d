"""The one door of the `build` rooms: target, image and kernel choice in; files to boot and their command line out."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.image.assemblyinitrd import assembly_initrd
from harness.image.incell import cell_file, in_cell
from harness.image.initrd import initrd
from harness.image.recipe import image_path
from harness.kernel.artifact import KernelArtifact
from harness.kernel.distro import distro_kernel, dtb_of
from harness.kernel.matched.kernel import matched_kernel
from harness.kernel.matched.source import DEFAULT_SOURCE
from harness.kernel.tsc import host_tsc_khz, with_tsc
from harness.kernel.user import configured, user_kernel
from harness.plan.matrix import KERNELS, MEDIA
from harness.plan.target import Target
from harness.store import Progress, Store, silent

MATCHED = "matched"  # built from source for the target; every other kernel a matrix may name is Debian's


@dataclass(frozen=True, slots=True)
class BootFiles:
    """What a machine is started with."""

    kernel: KernelArtifact
    initrd: Path | None
    dtb: Path | None
    cmdline: tuple[str, ...]  # a word an entry


def assemble(
    target: Target,
    image: str | Path,
    kernel: str | Path,
    media: str,
    store: Store,
    progress: Progress = silent,
    *,
    source: str = DEFAULT_SOURCE,
) -> BootFiles:
    """Make or find everything a cell is booted with. Milliseconds where the store has it all.

    `image`: the name of one that ships, or a YAML file of the user's. `kernel`: one of KERNELS, or a file of the
    user's. `media`: one of MEDIA. `source`: what a matched kernel is built from, see kernel/matched/source.py.
    Raises InputError for what the user can mend and HostError for what the host cannot do.
    """
    _known(media, MEDIA, "media")
    if isinstance(kernel, Path):
        artifact = configured(user_kernel(kernel, target.arch), store)
        return BootFiles(
            kernel=artifact,
            initrd=_initrd(target, image, artifact, store, progress),
            dtb=borrowed_dtb(target, store, progress),
            cmdline=cmdline_of(target, host_tsc_khz()),
        )
    _known(kernel, KERNELS, "kernel")

    def made(*, thorough: bool = False) -> KernelArtifact:
        if kernel == MATCHED:
            return matched_kernel(target, store, progress, source=source)
        return distro_kernel(target, store, progress, thorough=thorough)

    artifact = made()

    def whole() -> KernelArtifact:
        return made(thorough=True)

    return BootFiles(
        kernel=artifact,
        initrd=_initrd(target, image, artifact, store, progress, whole),
        dtb=artifact.dtb or dtb_of(target, artifact),
        cmdline=cmdline_of(target, host_tsc_khz()),
    )


def _initrd(
    target: Target,
    image: str | Path,
    kernel: KernelArtifact,
    store: Store,
    progress: Progress,
    whole: Callable[[], KernelArtifact] | None = None,
) -> Path:
    path = image_path(image)
    beside = cell_file(path)
    if beside is None:
        return initrd(target, image, kernel, store, progress, whole=whole)
    return assembly_initrd(target, path, in_cell(beside), kernel, store, progress, whole=whole)


def cmdline_of(target: Target, tsc_khz: int | None = None) -> tuple[str, ...]:
    """The kernel's command line: the console, our defaults, the target's own words, the host's clock. Pure.

    panic=0: a kernel that panics stays where it is, with its last words on the console, until the harness stops it.
    """
    console = target.console
    speed = f",{console.baud}n8" if console.baud else ""
    return with_tsc((f"console={console.device}{speed}", "panic=0", *target.cmdline), target, tsc_khz)


def borrowed_dtb(target: Target, store: Store, progress: Progress) -> Path | None:
    """A kernel file comes alone: the device tree is that of the target's package."""
    return dtb_of(target, distro_kernel(target, store, progress)) if target.kernel.dtb else None


def _known(word: str, words: tuple[str, ...], what: str) -> None:
    if word not in words:
        near = difflib.get_close_matches(word, words, 1)
        raise InputError(
            f"{what} {word!r} is not known", hint=f"did you mean {near[0]}?" if near else f"use {', '.join(words)}"
        )
