"""Packages of the host: what is missing, where it comes from, and what is said when it cannot be had."""

from __future__ import annotations

import pytest

from tests.unit.bootstrap.stage import FIRMWARE, QEMUS, SOURCES, Stage

MIRROR = "http://mirror.example/debian/"
KEY = "/usr/share/keyrings/some-key.gpg"


def debian_12(stage: Stage) -> None:
    """QEMU is missing, apt offers 7.2, and Debian's main archive has a deb822 entry with a key."""
    stage.remove(*QEMUS, "qemu-img")
    entry = stage.system / "etc/apt/sources.list.d/debian.sources"
    entry.write_text(
        "Types: deb\n# Suites: bookworm\nURIs: http://security.example/\n"
        "Suites: bookworm-security\nSigned-By: /wrong.gpg\n\n"
        f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: {KEY}\n"
    )
    stage.tell(
        archive="Debian|Debian-Security|bookworm|main|http://security.example/|/x:1\n"
        "Other|Other|bookworm|main|http://other.example/|/y:1\n"
        f"Debian|Debian|bookworm-updates|main|{MIRROR}|{entry}:2\n"
        f"Debian|Debian|bookworm|main|{MIRROR}|{entry}:2"
    )


def test_debian_12_gets_qemu_from_backports_of_its_own_mirror(stage: Stage) -> None:
    debian_12(stage)
    done = stage.run("x")
    assert done.returncode == 7, done.stderr
    assert (stage.system / SOURCES).read_text() == (
        f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm-backports\nComponents: main\nSigned-By: {KEY}\n"
    )
    assert f"adding {stage.system / SOURCES}" in done.stderr
    (install,) = [call for call in stage.calls("apt-get") if " install " in call]
    assert install.endswith("-t bookworm-backports qemu-system-x86 qemu-system-arm qemu-utils")
    assert "--no-install-recommends" in install
    updates = [call for call in stage.calls("apt-get") if call.endswith(" update")]
    assert len(updates) == 2
    assert all("APT::Update::Error-Mode=any" in call for call in updates)
    stage.forget()
    assert stage.run("x").returncode == 7
    assert stage.calls() == ["bootmatrix x"]


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        (f"deb [arch=amd64 signed-by={KEY}] {MIRROR} bookworm main\n", f"Signed-By: {KEY}\n"),
        (f"deb {MIRROR} bookworm main\n", ""),
    ],
)
def test_key_of_a_one_line_entry(stage: Stage, entry: str, key: str) -> None:
    debian_12(stage)
    sources = stage.system / "etc/apt/sources.list"
    sources.write_text(f"# a comment\n{entry}")
    stage.tell(archive=f"Debian|Debian|bookworm|main|{MIRROR}|{sources}:2")
    assert stage.run("x").returncode == 7
    assert (stage.system / SOURCES).read_text().endswith(f"Components: main\n{key}")


def test_key_that_stands_in_the_entry_itself(stage: Stage) -> None:
    debian_12(stage)
    block = "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n"
    entry = stage.system / "etc/apt/sources.list.d/debian.sources"
    entry.write_text(f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm\n{block}Components: main\n")
    assert stage.run("x").returncode == 7
    assert (stage.system / SOURCES).read_text().endswith(f"Components: main\n{block}")


def test_old_qemu_is_replaced(stage: Stage) -> None:
    debian_12(stage)
    for name in (*QEMUS, "qemu-img"):
        stage.stub(name, 'echo "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"\n')
    done = stage.run("x")
    assert done.returncode == 7, done.stderr
    assert "is version 7.2.22" in done.stderr


def test_no_backports_where_the_release_has_it(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(candidate="1:10.0.2+ds-2")
    assert stage.run("x").returncode == 7
    assert not (stage.system / SOURCES).exists()
    assert not [call for call in stage.calls("apt-get") if " -t " in call]


def test_no_qemu_anywhere(stage: Stage) -> None:
    """Not Debian's own archive: nothing is added, and it is said at once."""
    debian_12(stage)
    stage.tell(archive="Ubuntu|Ubuntu|noble|main|http://ubuntu.example/|/x:1", candidate="1:8.2.2+ds-0ubuntu1")
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (3, "")
    assert "offer no QEMU >= 10 (best: 1:8.2.2+ds-0ubuntu1)" in done.stderr
    assert not (stage.system / SOURCES).exists()
    assert not [call for call in stage.calls("apt-get") if " install " in call]


def test_source_without_qemu_is_removed_again(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(backports="1:9.2.0")
    done = stage.run("x")
    assert done.returncode == 3
    assert "removing" in done.stderr
    assert list((stage.system / SOURCES).parent.glob("bootmatrix*")) == []


def test_qemu_that_hides_the_packaged_one(stage: Stage) -> None:
    """The package is there and another QEMU comes first: named, and no endless installing."""
    stage.stub(QEMUS[0], "exit 1\n")
    stage.tell(candidate="1:10.0.2", install=0)
    stage.stub("apt-get")
    done = stage.run("x")
    assert done.returncode == 3
    assert "still missing after the installation" in done.stderr
    assert f"{stage.folder / 'bin' / QEMUS[0]} is version unknown, it does not start" in done.stderr


@pytest.mark.parametrize(
    ("path", "package"), list(zip(FIRMWARE, ["ovmf", "qemu-efi-aarch64", "debian-archive-keyring"], strict=True))
)
def test_missing_file_names_its_package(stage: Stage, path: str, package: str) -> None:
    (stage.system / path).unlink()
    done = stage.run("x")
    assert done.returncode == 3  # the stub of apt-get does not bring it
    assert f"installing by apt: {package}" in done.stderr
    (install,) = [call for call in stage.calls("apt-get") if " install " in call]
    assert install.endswith(f" {package}")


def test_failing_mirror_is_tried_three_times(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(candidate="1:10.0.2", install=100)
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (3, "")
    assert len([call for call in stage.calls("apt-get") if " install " in call]) == 3
    assert "E: Failed to fetch a package" in done.stderr
    assert "installing packages failed 3 times" in done.stderr
    assert stage.calls("sleep") == ["sleep 1", "sleep 2"]
    assert not stage.venv.exists()


def test_incomplete_lists_are_no_proof_that_there_is_no_qemu(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(archive="", candidate="(none)", update=100)
    done = stage.run("x")
    assert done.returncode == 3
    assert "failed 3 times" in done.stderr
    assert "offer no QEMU" not in done.stderr


def test_a_source_that_is_down_does_not_matter_if_the_rest_is_there(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(candidate="1:10.0.2", update=100)
    assert stage.run("x").returncode == 7


def test_interrupted_dpkg_is_repaired_first(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(candidate="1:10.0.2")
    stage.stub("dpkg", '[ "$1" != --audit ] || echo "The following packages are only half configured"\n')
    assert stage.run("x").returncode == 7
    calls = stage.calls()
    repaired = calls.index("dpkg --configure -a")
    assert repaired < min(n for n, call in enumerate(calls) if call.startswith("apt-get") and " install " in call)


def test_sudo_is_used_by_others_than_root(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(uid=1000)
    assert stage.run("x").returncode == 7
    assert [call for call in stage.calls("sudo env DEBIAN_FRONTEND=noninteractive apt-get") if " install " in call]
    assert stage.calls("sudo tee ")
    assert not stage.calls("sudo python")


def test_neither_root_nor_sudo(stage: Stage) -> None:
    debian_12(stage)
    stage.tell(uid=1000)
    stage.remove("sudo")
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (3, "")
    assert "neither root nor sudo" in done.stderr
    assert "apt-get install --no-install-recommends qemu-system-x86 qemu-system-arm qemu-utils" in done.stderr
    assert not stage.calls("apt-get")


def test_no_apt(stage: Stage) -> None:
    stage.remove("apt-get", "apt-cache", QEMUS[1], "depmod")
    (stage.system / FIRMWARE[0]).unlink()
    done = stage.run("x")
    assert (done.returncode, done.stdout) == (3, "")
    for word in ("no apt-get", "QEMU >= 10: qemu-system-aarch64", "OVMF", "kmod (depmod)"):
        assert word in done.stderr
    assert "AAVMF" not in done.stderr


def test_no_apt_and_nothing_missing(stage: Stage) -> None:
    stage.remove("apt-get", "apt-cache", "dpkg")
    assert stage.run("x").returncode == 7


def test_no_install(stage: Stage) -> None:
    stage.remove("depmod")
    done = stage.run("x", BOOTMATRIX_NO_INSTALL="1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "kmod (depmod)" in done.stderr
    assert "Python packages" in done.stderr
    assert not stage.calls("apt-get")
    assert sorted(path.name for path in stage.checkout.iterdir()) == ["bootmatrix", "pyproject.toml"]


def test_no_install_and_nothing_missing(ready: Stage) -> None:
    assert ready.run("x", BOOTMATRIX_NO_INSTALL="1").stdout == "x\0"


def test_terminal_controls_in_a_path_are_not_printed(stage: Stage) -> None:
    stage.tell(qemu="7.0")
    hostile = stage.folder / "bin\x1b[31m"
    (stage.folder / "bin").rename(hostile)
    done = stage.run("x", PATH=str(hostile), BOOTMATRIX_NO_INSTALL="1")
    assert done.returncode == 3
    assert "is version 7.0" in done.stderr
    assert "\x1b" not in done.stderr
