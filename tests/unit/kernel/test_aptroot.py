"""The private apt, against a signed archive in a folder."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.errors import HostError, InputError
from harness.kernel import debian
from harness.kernel.aptroot import AptRoot, complaint, configuration
from harness.kernel.distro import distro_kernel
from harness.kernel.sources import Source
from harness.plan.target import Target
from harness.store import Store
from harness.words import Arch

KERNEL = "linux-image-6.1.0-9-arm64"


def no_sources() -> tuple[()]:
    raise AssertionError("the network was asked")


def test_metapackage_is_followed(store: Store, archive: Path) -> None:
    answer = AptRoot(store, "arm64").resolve("linux-image-arm64")
    assert (answer.package, answer.version, answer.arch) == (KERNEL, "6.1.9-1", "arm64")
    assert answer.size == (archive / "pool" / f"{KERNEL}.deb").stat().st_size


def test_warm_run_asks_nobody(store: Store, archive: Path) -> None:
    path = debian.fetch("busybox-static", Arch.ARM64, store)
    assert path.read_bytes() == (archive / "pool/busybox-static.deb").read_bytes()
    apt = AptRoot(store, "arm64", sources=no_sources)
    assert debian.fetch_answer(apt, "busybox-static") == path


def test_version_with_epoch_is_fetched(store: Store, archive: Path) -> None:
    assert AptRoot(store, "arm64").resolve("busybox-static").version == "1:1.35.0-4"
    assert debian.fetch("busybox-static", Arch.ARM64, store).name == "package.deb"


def test_unknown_package(store: Store, archive: Path) -> None:
    with pytest.raises(HostError, match=r"no package linux-image-nope for arm64 in stable"):
        AptRoot(store, "arm64").resolve("linux-image-nope")


def test_wrong_arch_says_which(store: Store, archive: Path) -> None:
    with pytest.raises(HostError, match=r"linux-image-armmp.*armhf"):
        AptRoot(store, "armhf").resolve("linux-image-armmp")


def test_tampered_index_is_refused(store: Store, archive: Path) -> None:
    index = archive / "dists/stable/main/binary-arm64/Packages"
    index.write_text(index.read_text().replace("made for a test", "made by a thief"))
    with pytest.raises(HostError, match=r"cannot fetch linux-image-arm64:arm64 from file:.*apt-get update"):
        AptRoot(store, "arm64").resolve("linux-image-arm64")


def test_tampered_signature_is_refused(store: Store, archive: Path) -> None:
    release = archive / "dists/stable/InRelease"
    release.write_text(release.read_text().replace("Label: Debian", "Label: Thieves"))
    with pytest.raises(HostError, match="cannot fetch"):
        AptRoot(store, "arm64").resolve("linux-image-arm64")


def test_unsigned_archive_is_refused(store: Store, archive: Path) -> None:
    release = archive / "dists/stable/InRelease"
    body = release.read_text().split("\n\n", 1)[1].split("-----BEGIN PGP SIGNATURE")[0]
    release.unlink()
    (archive / "dists/stable/Release").write_text(body)
    with pytest.raises(HostError, match="cannot fetch"):
        AptRoot(store, "arm64").resolve("linux-image-arm64")


def test_tampered_package_is_refused(store: Store, archive: Path) -> None:
    package = archive / "pool/busybox-static.deb"
    data = bytearray(package.read_bytes())
    data[-10] ^= 1
    package.write_bytes(data)
    with pytest.raises(HostError, match=r"cannot fetch busybox-static:arm64"):
        debian.fetch("busybox-static", Arch.ARM64, store)
    assert not list((store.root / "deb").glob("[0-9a-f]*"))


def test_tries_again(store: Store, archive: Path) -> None:
    said: list[str] = []
    (archive / "dists/stable/InRelease").rename(archive / "away")

    def progress(text: str) -> None:
        said.append(text)
        if "trying again (2 of 3)" in text:
            (archive / "away").rename(archive / "dists/stable/InRelease")

    assert AptRoot(store, "arm64", progress=progress).resolve("busybox-static").package == "busybox-static"
    assert sum("trying again" in text for text in said) == 1


def test_a_suite_that_fails_does_not_stop_the_others(store: Store, archive: Path) -> None:
    broken = archive.parent / "broken"
    shutil.copytree(archive, broken)
    (broken / "dists/stable/main/binary-arm64/Packages").write_text("cut off")
    said: list[str] = []
    sources = [Source(folder.as_uri(), "stable", folder / "key.gpg") for folder in (broken, archive)]
    apt = AptRoot(store, "arm64", sources=lambda: sources, progress=said.append)
    assert apt.resolve("linux-image-arm64").package == KERNEL
    assert any("going on without a part" in text for text in said)
    with pytest.raises(HostError, match=r"cannot fetch .*broken.*run again"):
        apt.resolve("linux-image-other")


def test_full_disk_while_resolving(store: Store, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes, mode: int = 0o644) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("harness.kernel.aptroot.write_atomically", full)
    with pytest.raises(HostError, match=r"no space left.*BOOTMATRIX_CACHE"):
        AptRoot(store, "arm64").resolve("busybox-static")


def test_failed_renewal_keeps_the_answer(store: Store, archive: Path) -> None:
    apt = AptRoot(store, "arm64")
    answer = apt.resolve("busybox-static")
    release = archive / "dists/stable/InRelease"
    release.write_text(release.read_text().replace("Label: Debian", "Label: Thieves"))
    with pytest.raises(HostError):
        AptRoot(Store(store.root.parent / "new"), "arm64").resolve("busybox-static")
    assert AptRoot(store, "arm64", sources=no_sources).resolve("busybox-static") == answer


def test_damaged_answer_is_asked_again(store: Store, archive: Path) -> None:
    apt = AptRoot(store, "arm64")
    answer = apt.resolve("busybox-static")
    for kept in (apt.folder / "answers").glob("*.json"):
        kept.write_text("{")
    assert apt.resolve("busybox-static") == answer


def test_two_architectures_at_once(store: Store, archive: Path) -> None:
    """Threads of one arch wait for each other, and all of them get the one answer."""
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(debian.fetch("busybox-static", Arch.ARM64, store)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 3
    assert len(set(found)) == 1


def test_no_apt(store: Store, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostError, match=r"no apt-.*Debian"):
        AptRoot(store, "arm64").resolve("busybox-static")


def test_folder_that_would_break_out_of_the_configuration() -> None:
    with pytest.raises(HostError, match="apt cannot work in"):
        configuration(Path('/tmp/a"; APT::Update::Pre-Invoke {"x"}; "'), "arm64")


def test_complaint_is_one_printable_line() -> None:
    assert complaint("W: fine\nE: Bad \x1b[31mserver\x07\nE: more") == "Bad [31mserver"
    assert complaint("") == "it said nothing"


def test_distro_kernel(store: Store, archive: Path, target: Callable[..., Target]) -> None:
    board = target(kernel={"package": "linux-image-arm64", "dtb": "broadcom/board.dtb"})
    kernel = distro_kernel(board, store)
    assert kernel.release == "6.1.0-9-arm64"
    assert kernel.origin == f"{KERNEL} 6.1.9-1"
    assert kernel.image.read_bytes()[0x38:0x3C] == b"ARM\x64"
    assert kernel.option("RD_ZSTD") == "y"
    assert kernel.option("NOTHING") is None
    assert kernel.modules is None
    assert kernel.dtbs is not None
    kernel.image.write_bytes(b"damaged")
    assert distro_kernel(board, store).image.read_bytes()[0x38:0x3C] == b"ARM\x64"
    (kernel.dtbs / "broadcom/board.dtb").write_bytes(b"damaged")
    distro_kernel(board, store)
    assert (kernel.dtbs / "broadcom/board.dtb").read_bytes()[:4] == b"\xd0\x0d\xfe\xed"


def test_missing_dtb_names_the_nearest(store: Store, archive: Path, target: Callable[..., Target]) -> None:
    with pytest.raises(InputError, match=r"board/target.yml \(kernel.dtb\).*did you mean broadcom/board.dtb"):
        distro_kernel(target(kernel={"package": "linux-image-arm64", "dtb": "board.dtb"}), store)


def test_package_that_is_no_kernel(store: Store, archive: Path, target: Callable[..., Target]) -> None:
    with pytest.raises(InputError, match="not a kernel package"):
        distro_kernel(target(kernel={"package": "busybox-static"}), store)


def test_superseded_version(store: Store, archive: Path, target: Callable[..., Target]) -> None:
    """The kept answer names a version that the archive no longer has."""
    apt = AptRoot(store, "arm64")
    apt.resolve("linux-image-arm64")
    kept = next((apt.folder / "answers").glob("linux-image-arm64.*"))
    kept.write_text(kept.read_text().replace("6.1.9-1", "6.1.8-1").replace('"sha256": "', '"sha256": "')[:-1] + "}")
    answer = apt.resolve("linux-image-arm64")
    assert answer.version == "6.1.8-1"
    assert distro_kernel(target(), store).origin == f"{KERNEL} 6.1.9-1"
