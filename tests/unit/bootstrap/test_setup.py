"""What only some calls need: the tests build a kernel; the suite nightly has more machines, and kernels for all."""

from __future__ import annotations

import pytest

from tests.unit.bootstrap.stage import BUILD_TOOLS, HEADERS, IMAGE_TOOLS, SOURCES, Stage

MORE_QEMUS = {"riscv": "riscv64", "s390x": "s390x", "ppc": "ppc64"}
CROSS = {
    "gcc-aarch64-linux-gnu": "aarch64-linux-gnu-gcc",
    "gcc-arm-linux-gnueabihf": "arm-linux-gnueabihf-gcc",
    "gcc-arm-linux-gnueabi": "arm-linux-gnueabi-gcc",
    "gcc-riscv64-linux-gnu": "riscv64-linux-gnu-gcc",
    "gcc-s390x-linux-gnu": "s390x-linux-gnu-gcc",
    "gcc-powerpc64le-linux-gnu": "powerpc64le-linux-gnu-gcc",
}


def installs(stage: Stage) -> list[str]:
    """The packages of each installation, as one line."""
    calls = [call for call in stage.calls("apt-get") if " install " in call]
    return [call.partition("--no-remove ")[2] for call in calls]


@pytest.fixture
def offering(stage: Stage) -> Stage:
    """A host that lacks what only nightly needs, and whose apt has it, QEMU in the version that is installed."""
    stage.tell(candidate="1:10.0.2+ds-2")
    for end, arch in MORE_QEMUS.items():
        stage.offer_qemu(f"qemu-system-{end}", f"qemu-system-{arch}")
    for package, program in CROSS.items():
        stage.offer(package, program)
    return stage


@pytest.mark.parametrize("missing", [*BUILD_TOOLS, *IMAGE_TOOLS])
def test_the_tests_need_tools_that_a_boot_does_not(ready: Stage, missing: str) -> None:
    package = {"xz": "xz-utils", "dtc": "device-tree-compiler", **IMAGE_TOOLS}.get(missing, missing)
    ready.offer(package, missing)
    ready.remove(missing)
    assert ready.run("run").returncode == 7
    assert ready.calls() == ["bootmatrix run"]
    done = ready.run("test")
    assert done.returncode == 5, done.stderr
    assert installs(ready) == [package]


@pytest.mark.parametrize(("header", "package"), HEADERS.items())
def test_the_tests_need_the_headers_that_build_a_kernel(ready: Stage, header: str, package: str) -> None:
    (ready.system / header).unlink()
    assert ready.run("run").returncode == 7
    done = ready.run("test")
    assert done.returncode == 3  # the stub of apt-get does not bring it
    assert installs(ready) == [package]


def test_run_and_test_in_turn_are_both_quick(ready: Stage) -> None:
    assert ready.run("test").returncode == 5
    ready.forget()
    assert ready.run("run").returncode == 7
    assert ready.run("test").returncode == 5
    assert [call.split()[0] for call in ready.calls()] == ["bootmatrix", "python"]


def test_setup_installs_what_nightly_needs(offering: Stage) -> None:
    done = offering.run("setup", "nightly")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    tools, qemus = installs(offering)
    assert tools.split() == list(CROSS)
    assert qemus.split() == [*(f"qemu-system-{end}" for end in MORE_QEMUS), "qemu-utils"]
    offering.forget()
    again = offering.run("setup", "nightly")
    assert again.returncode == 0
    assert offering.calls() == []


@pytest.mark.parametrize("missing", IMAGE_TOOLS)
def test_nightlys_doors_need_the_tools_that_write_media(offering: Stage, missing: str) -> None:
    offering.offer(IMAGE_TOOLS[missing], missing)
    offering.remove(missing)
    done = offering.run("setup", "nightly")
    assert done.returncode == 0, done.stderr
    assert IMAGE_TOOLS[missing] in installs(offering)[0].split()


def test_the_releases_old_version_of_another_qemu_is_not_taken(offering: Stage) -> None:
    """Debian 12 with x86 from backports: that one is offered as it is, and of ppc the release's own, 7.2."""
    (offering.system / SOURCES).write_text("")
    offering.tell(
        archive=f"Debian|Debian|bookworm|main|http://mirror.example/|{offering.system / SOURCES}:1",
        **{"candidate-qemu-system-ppc": "1:7.2+dfsg-7"},
    )
    assert offering.run("setup", "nightly").returncode == 0
    assert "-t bookworm-backports qemu-system-riscv qemu-system-s390x qemu-system-ppc" in offering.calls("apt-get")[-1]


def test_what_only_nightly_needs_is_not_asked_for_by_a_boot_or_the_tests(offering: Stage) -> None:
    assert offering.run("run").returncode == 7
    assert offering.run("test").returncode == 5
    assert not offering.calls("apt-get")


def test_setup_that_cannot_have_a_compiler_says_so(offering: Stage) -> None:
    (offering.folder / "offered/gcc-s390x-linux-gnu/s390x-linux-gnu-gcc").rename(offering.folder / "elsewhere")
    (offering.folder / "offered/gcc-s390x-linux-gnu").rmdir()
    done = offering.run("setup", "nightly")
    assert done.returncode == 3
    assert "still missing after the installation" in done.stderr
    assert "gcc-s390x-linux-gnu (s390x-linux-gnu-gcc)" in done.stderr


@pytest.mark.parametrize("words", [(), ("quick",), ("nightly", "more")])
def test_setup_of_anything_else_is_refused(ready: Stage, words: tuple[str, ...]) -> None:
    done = ready.run("setup", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "./bootmatrix setup nightly" in done.stderr
    assert ready.calls() == []
