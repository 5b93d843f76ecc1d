"""`image verify`: nothing that changes goes unseen, and the file that changed is named."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli import _run
from tests.unit.image.fakes import KERNEL
from tests.unit.image.oci.layouts import Maker, hardlink, member, tar
from tests.unit.image.trust.conftest import NAME, Bench

YAML = f"kernel: {{image: test/kernel:1, tar: none}}\ninit: ['{NAME}']\nfiles: [{{path: etc/mine, contents: mine}}]\n"
Verify = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    """`bootmatrix image ...`: its status and the lines it said."""
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, list[str]]:
        monkeypatch.setattr("sys.argv", ["bootmatrix", "image", *words])
        status = _run()
        said = capsys.readouterr()
        return status, (said.out + said.err).splitlines()

    return run


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    maker = Maker(tmp_path / "layout")
    files = tar(member("big", b"x" * 200_000), member("file", b"one"), hardlink("other", "big"))
    maker.name(maker.image(files), NAME)
    maker.name(maker.image(tar(member("kernel", KERNEL))), "docker.io/test/kernel:1")
    return maker.where


@pytest.fixture(params=["tar", "kernel+initrd"])
def built(request: pytest.FixtureRequest, tmp_path: Path, layout: Path, command: Verify) -> str:
    """The format that `out/` has an image in."""
    (tmp_path / "my.yml").write_text(YAML)
    form = str(request.param)
    words = ("--arch", "x86_64", "--format", form, "--out", "out", "--layout", "layout")
    assert command("build", "my.yml", *words)[0] == 0
    return form


def test_what_is_as_it_was_built_is_good(built: str, command: Verify) -> None:
    count = 1 if built == "tar" else 3
    for path in ("out", f"out/my.{built}.spdx.json"):
        status, (line,) = command("verify", path)
        assert (status, line.split(": ")[1].split(" as")[0]) == (0, f"{count} files")


def test_a_missing_file_is_named(built: str, command: Verify) -> None:
    name = "my.tar" if built == "tar" else "my-cmdline"
    Path("out", name).unlink()
    assert command("verify", "out") == (1, [f"out/my.{built}.spdx.json: out/{name} is missing"])


@pytest.mark.parametrize("built", ["tar"], indirect=True)
def test_a_changed_archive_is_looked_into(built: str, command: Verify) -> None:
    path = Path("out/my.tar")
    with tarfile.open(path) as archive:
        members = [(one, archive.extractfile(one).read() if one.isfile() else b"") for one in archive]  # type: ignore[union-attr]
    changed = [(one, b"two" if one.name == "file" else data) for one, data in members if one.name != "etc/mine"]
    with tarfile.open(path, "w") as archive:
        for one, data in [*changed, member("more", b"more")]:
            archive.addfile(one, io.BytesIO(data))
    status, (first, *lines) = command("verify", "out")
    assert status == 1
    assert "out/my.tar is not what was built: its SHA-256 is" in first
    assert [line.split(":   ")[1] for line in lines] == ["etc/mine is missing", "file was altered", "more was added"]


@pytest.mark.parametrize("built", ["kernel+initrd"], indirect=True)
def test_a_changed_initrd_is_looked_into(built: str, command: Verify) -> None:
    import gzip

    path = Path("out/my-initrd.img")
    data = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(data))  # packed by another program, and the same in it
    status, lines = command("verify", "out")
    assert (status, len(lines)) == (1, 1), "links and all, no file differs"
    path.write_bytes(gzip.compress(data.replace(b"x" * 200_000, b"x" * 199_999 + b"y")))
    status, (_, *lines) = command("verify", "out")
    assert (status, [line.split(":   ")[1] for line in lines]) == (1, ["big was altered", "other was altered"])
    path.write_bytes(gzip.compress(data)[:-20])
    status, (_, *lines) = command("verify", "out")
    assert (status, len(lines)) == (1, 1)
    assert "truncated" in lines[0] or "corrupt" in lines[0]


def test_what_is_no_bill_is_told(tmp_path: Path, command: Verify) -> None:
    assert command("verify", "nowhere")[0] == 2
    (tmp_path / "empty").mkdir()
    status, (line,) = command("verify", "empty")
    assert (status, "neither images with a *.spdx.json nor an OCI layout" in line) == (2, True)
    (tmp_path / "x.spdx.json").write_text("{}")
    assert command("verify", "x.spdx.json")[0] == 2
    assert command("verify") == (
        2,
        ["bootmatrix: the component store is empty; name an image's *.spdx.json or a layout"],
    )
    assert command("verify", "--trust", "repo")[0] == 2


def test_a_bill_that_names_a_file_elsewhere_is_refused(built: str, command: Verify) -> None:
    path = Path(f"out/my.{built}.spdx.json")
    found = json.loads(path.read_bytes())
    found["files"][0]["fileName"] = "./../my.yml"
    path.write_text(json.dumps(found))
    status, (line,) = command("verify", "out")
    assert (status, "'../my.yml', which is not beside it" in line) == (2, True)


def test_layouts_and_the_store_are_read_to_the_last_blob(layout: Path, command: Verify, built: str) -> None:
    assert command("verify", "layout") == (0, ["layout: 2 images, every blob as its digest says"])
    store = Path("cache/oci/x86_64")
    store.parent.mkdir(parents=True)
    layout.rename(store)
    assert command("verify") == (0, [f"{store}: 2 images, every blob as its digest says"])
    for path in (store / "blobs/sha256").iterdir():
        if path.read_bytes()[:2] == b"\x1f\x8b":
            path.write_bytes(b"altered".ljust(path.stat().st_size, b"\0"))
    status, lines = command("verify")
    assert (status, len(lines)) == (1, 2)
    assert all("was altered" in line and "image docker.io/test/" in line for line in lines)
    for path in (store / "blobs/sha256").iterdir():
        if b'"layers"' in path.read_bytes():
            path.unlink()
    status, lines = command("verify")
    assert (status, [line.split(" in ")[0].split()[-1] for line in lines]) == (1, ["missing", "missing"])


@pytest.mark.parametrize("built", ["tar"], indirect=True)
def test_images_and_layouts_are_compared_with_what_is_signed(bench: Bench, command: Verify, built: str) -> None:
    words = ("--trust", str(bench.folder), "--root", str(bench.root))
    status, lines = command("verify", "out", *words)
    assert status == 1
    assert sum("has signed sha256:" in line for line in lines) == 1, "another image is signed under this name"
    assert sum("test/kernel:1 is not signed" in line for line in lines) == 1
    status, lines = command("verify", "layout", *words)
    assert (status, len(lines)) == (1, 2)
    same = bench.layout(b"one").folder
    assert command("verify", str(same), *words)[0] == 0
