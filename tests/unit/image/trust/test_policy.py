"""Builds that must be signed, from the command line: what is refused, by which name and at which line."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from harness.cli import _run
from harness.image.trust.policy import demand
from harness.image.yaml.assembly import read
from tests.unit.image.oci.layouts import Maker, member, tar
from tests.unit.image.trust.conftest import Bench

YAML = "init: [test/it:1]\n"


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Build:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    return Build(tmp_path, monkeypatch, capsys)


class Build:
    """`bootmatrix image build` of a text."""

    def __init__(self, tmp: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.tmp, self.monkeypatch, self.capsys = tmp, monkeypatch, capsys

    def __call__(self, text: str, *words: str) -> tuple[int, str, dict[str, bytes]]:
        """Exit status, what it said, and the image's files."""
        path = self.tmp / "my.yml"
        path.write_text(text)
        out = self.tmp / "out"
        shutil.rmtree(out, ignore_errors=True)
        argv = ["bootmatrix", "image", "build", str(path), "--arch", "x86_64", "--format", "tar", "--out", str(out)]
        self.monkeypatch.setattr("sys.argv", [*argv, *words])
        status = _run()
        files = {}
        if (out / "my.tar").is_file():
            with tarfile.open(out / "my.tar") as archive:
                for one in archive:
                    if one.isfile() and (stream := archive.extractfile(one)):
                        files[one.name] = stream.read()
        assert not out.exists() or files, "half an image is left"
        return status, self.capsys.readouterr().err, files


def options(bench: Bench) -> list[str]:
    return ["--trust", str(bench.folder), "--root", str(bench.root)]


@pytest.mark.parametrize("text", [f"{YAML}trust: required\n", f"{YAML}trust: {{required: true}}\n", YAML])
def test_a_signed_image_is_taken(build: Build, bench: Bench, text: str) -> None:
    more = [] if "trust" in text else ["--require-trust"]
    status, said, files = build(text, *options(bench), *more)
    assert (status, files["file"]) == (0, b"one"), said


def test_an_unsigned_image_is_refused_at_its_line(build: Build, bench: Bench) -> None:
    status, said, _ = build("init:\n  - test/it:1\n  - test/other:1\ntrust: required\n", *options(bench))
    assert status == 2
    assert "my.yml:3 (init[1]): the image docker.io/test/other:1 must be signed" in said


def test_a_layout_with_another_image_of_that_name_is_refused(build: Build, bench: Bench) -> None:
    layout = bench.layout(b"another")
    words = [*options(bench), "--layout", str(layout.folder)]
    status, said, _ = build(f"{YAML}trust: required\n", *words)
    assert status == 2
    assert "docker.io/test/it:1 in the OCI layout" in said
    assert "is not the one that is signed" in said
    status, _, files = build(YAML, *words)
    assert (status, files["file"]) == (0, b"another"), "nobody asked for signatures"


def test_a_layout_with_the_signed_image_is_taken(build: Build, bench: Bench) -> None:
    layout = bench.layout(b"one")
    shutil.rmtree(bench.folder / "blobs")
    status, said, files = build(f"{YAML}trust: required\n", *options(bench), "--layout", str(layout.folder))
    assert (status, files["file"]) == (0, b"one"), said


def test_a_volume_is_signed_like_everything(build: Build, bench: Bench) -> None:
    volume = "volumes: [{name: v, format: oci, image: 'test/IT:1', platforms: [linux/amd64]}]\ntrust: required\n"
    status, _, files = build(volume.replace("IT", "it"), *options(bench))
    assert status == 0
    assert "containers/volumes/v/lower/oci-layout" in files
    status, said, _ = build(volume.replace("IT", "other"), *options(bench))
    assert status == 2
    assert "(volumes[0].image): the image docker.io/test/other:1 must be signed" in said


def test_an_altered_repository_ends_the_build_even_where_nothing_must_be_signed(build: Build, bench: Bench) -> None:
    (bench.folder / "metadata/timestamp.json").write_bytes(b"{}")
    status, said, _ = build(YAML, *options(bench))
    assert status == 2
    assert "(init[0])" in said
    assert "damaged" in said


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("trust: required\n", [], "my.yml:1 (trust): images must be signed, and no repository is named"),
        ("init: [a]\n", ["--require-trust"], "images must be signed, and no repository is named"),
        ("init: [a]\n", ["--trust", "repo"], "--trust needs a trusted root"),
        ("init: [a]\n", ["--root", "repo"], "--root is of a repository"),
        ("trust: requird\n", [], "my.yml:1 (trust): 'requird' is not known here; did you mean 'required'?"),
        ("trust: [a]\n", [], "my.yml:1 (trust)"),
        ("trust: {require: true}\n", [], "my.yml:1 (trust.require)"),
    ],
)
def test_what_cannot_be_checked_is_not_built(build: Build, text: str, words: list[str], told: str) -> None:
    status, said, _ = build(text, *words)
    assert status == 2
    assert told in said


@pytest.mark.parametrize(
    ("trust", "ref", "must"),
    [
        ("required", "anything", True),
        ("{image: [test/it]}", "test/it:1", True),
        ("{image: [test/it]}", f"test/it@sha256:{'0' * 64}", True),
        ("{image: ['test/it:1']}", "docker.io/test/it:1", True),
        ("{image: ['test/it:1']}", "test/it:2", False),
        ("{image: [test/it]}", "test/its:1", False),
        ("{image: [test/it]}", "ghcr.io/test/it:1", False),
        ("{org: [library]}", "nginx", True),
        ("{org: [test]}", "localhost:5000/test/it", True),
        ("{org: [test]}", "nginx", False),
        ("{}", "nginx", False),
    ],
)
def test_what_must_be_signed(tmp_path: Path, trust: str, ref: str, must: bool) -> None:
    (tmp_path / "a.yml").write_text(f"trust: {trust}\n")
    assert demand(read([tmp_path / "a.yml"]).trust)(ref) is must


def test_the_command_publishes_lists_and_renews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOOTMATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    maker = Maker(tmp_path / "layout")
    maker.name(maker.image(tar(member("file", b"one"))), "test/it:1")

    def command(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["bootmatrix", "trust", *words])
        status = _run()
        said = capsys.readouterr()
        return status, said.out + said.err

    assert command("init", "repo", "--keys", "keys") == (0, "repo/metadata/1.root.json\n")
    status, said = command("publish", "repo", "test/it:1", "--keys", "keys", "--arch", "x86_64", "--layout", "layout")
    assert (status, said.split()[0]) == (0, "x86_64/docker.io/test/it:1")
    assert command("list", "repo", "--root", "repo/metadata/1.root.json") == (0, said)
    assert command("refresh", "repo", "--keys", "keys", "--expires", "timestamp=1")[0] == 0
    assert command("rotate", "repo", "timestamp", "--keys", "keys") == (0, "repo/metadata/2.root.json\n")
    assert command("list", "repo", "--root", "repo/metadata/1.root.json") == (0, said)
    for words in (["--expires", "timestamp=0"], ["--expires", "time=1"], ["--expires", "root=x"]):
        status, said = command("refresh", "repo", "--keys", "keys", *words)
        assert status == 2
        assert "write ROLE=DAYS" in said
    assert command("rotate", "repo", "targts", "--keys", "keys")[1].endswith("did you mean 'targets'?\n")
    status, said = command("publish", "repo", "test/no:1", "--keys", "keys", "--arch", "x86-64", "--layout", "layout")
    assert (status, "did you mean 'x86_64'" in said) == (2, True)
