"""The command line's answers to bad usage, bad files and a host that lacks something: one line, the right status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
X86_KERNEL_HEAD = bytes(0x1FE) + b"\x55\xaa" + b"\xeb\x66HdrS" + b"\x0f\x02" + bytes(0x2E) + b"\x01\x00" + bytes(4096)


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    status: int
    stdout: str
    stderr: str

    def complains(self, *words: str) -> bool:
        """One line on stderr, without a traceback, with all these words."""
        lines = self.stderr.strip().split("\n")
        return len(lines) == 1 and lines[0].startswith("bootmatrix: ") and all(word in lines[0] for word in words)


def call(*words: str, cwd: Path = ROOT, **environment: str) -> Answer:
    """Run the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", "from harness.cli import main; main()", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def test_list_as_json_has_the_keys_that_scripts_read() -> None:
    answer = call("list", "--suite", "quick", "--json")
    assert answer.status == 0
    cells = json.loads(answer.stdout)
    assert len(cells) >= 12
    assert len({cell["arch"] for cell in cells}) >= 3
    assert {cell["class"] for cell in cells} == {"baremetal", "hyperv", "cloud", "iot"}
    for cell in cells:
        assert list(cell) == ["cell", "target", "arch", "class", "machine", "image", "kernel", "media", "markers"]


def test_list_selects_by_expression() -> None:
    answer = call("list", "-m", "iot and not arm64", "--json")
    assert {cell["arch"] for cell in json.loads(answer.stdout)} == {"armhf", "armel"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("run", "raspi3"), ("raspi3", "did you mean 'raspi3b'?")),
        (("run", "-m", "arm46"), ("arm46", "arm64")),
        (("run", "--suite", "quik"), ("quik", "quick")),
        (("run", "-j", "0"), ("-j",)),
        (("run", "--kernel", "/nonexistent"), ("/nonexistent", "distro")),
        (("run", "--lab", "/nonexistent/lab.yml"), ("/nonexistent/lab.yml",)),
        (("lisst",), ("lisst",)),
        (("list", "--jsn"), ("--jsn",)),
        (("boot", "--target", "raspi3b"), ("--kernel", "--iso", "--disk")),
        (("boot", "--target", "nope", "--kernel", "x"), ("nope",)),
        (("boot", "--target", "raspi3b", "--kernel", "x", "--iso", "y"), ("--kernel and --iso", "give one of")),
        (("boot", "--target", "raspi3b", "--disk", "x", "--append", "y"), ("--append",)),
        (("boot", "--target", "raspi3b", "--kernel", "/etc/passwd", "--ready", "("), ("--ready", "regular expression")),
        (("console", "x86_64-*"), ("names", "choose one")),
        (("schema", "matrx"), ("matrx", "matrix")),
        (("report", "/nonexistent"), ("/nonexistent",)),
    ],
)
def test_bad_usage(words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    answer = call(*words)
    assert answer.status == 2, answer.stderr
    assert answer.complains(*expected), answer.stderr
    assert answer.stdout == ""


def test_a_matrix_with_a_typo_is_named_by_file_line_and_key(tmp_path: Path) -> None:
    matrix = tmp_path / "matrix.yml"
    matrix.write_text("axes:\n  target: [raspi3b]\nsuits:\n  quick: ['*']\n")
    answer = call("list", "--matrix", str(matrix))
    assert answer.status == 2
    assert answer.complains("matrix.yml:3", "'suits'", "suites"), answer.stderr


def test_a_lab_with_a_typo_is_named_by_file_line_and_key(tmp_path: Path) -> None:
    lab = tmp_path / "lab.yml"
    lab.write_text("boards:\n  desk:\n    target: raspi3b\n    console: /dev/null\n    powr: {on: [a], off: [b]}\n")
    answer = call("run", "raspi3b", "--lab", str(lab), "--out", str(tmp_path / "run"))
    assert answer.status == 2
    assert answer.complains("lab.yml:5", "'powr'", "did you mean 'power'?"), answer.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("empty",)),
        (b"#!/bin/sh\nexit 0\n", ("not a kernel",)),
        (X86_KERNEL_HEAD, ("x86_64", "arm64")),
    ],
)
def test_a_file_that_this_target_cannot_boot(tmp_path: Path, content: bytes, words: tuple[str, ...]) -> None:
    kernel = tmp_path / "vmlinuz"
    kernel.write_bytes(content)
    answer = call("boot", "--target", "arm64-cloud-virt", "--kernel", str(kernel), "--out", str(tmp_path / "run"))
    assert answer.status == 2, answer.stderr
    assert answer.complains("vmlinuz", *words), answer.stderr
    assert not (tmp_path / "run").exists()


def test_an_empty_disk_image(tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.touch()
    answer = call("boot", "--target", "x86_64-cloud-kvm", "--disk", str(disk), "--out", str(tmp_path / "run"))
    assert answer.status == 2
    assert answer.complains("disk.img", "empty"), answer.stderr


def test_records_of_another_run_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    answer = call("run", "arm64-cloud-virt.minimal.distro.direct", "--out", str(tmp_path))
    assert answer.status == 2
    assert answer.complains("already holds a run"), answer.stderr


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = call("run", "arm64-cloud-virt.minimal.distro.direct", "--out", str(tmp_path / "file" / "run"))
    assert answer.status == 3
    assert answer.complains("cannot make", "--out"), answer.stderr


def _qemu_that_says(folder: Path, script: str) -> str:
    """A PATH with an emulator of our own in front."""
    binary = folder / "qemu-system-aarch64"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'QEMU emulator version 7.2.0'", ("7.2.0", "10.0 or newer")),
        ("echo 'cannot load libfoo' >&2; exit 127", ("status 127", "cannot load libfoo")),
        (
            'case $1 in --version) echo "QEMU emulator version 10.0.2";; *) echo "bad option" >&2; exit 1;; esac',
            ("exited with status 1", "bad option"),
        ),
    ],
)
def test_a_qemu_that_is_of_no_use(tmp_path: Path, script: str, words: tuple[str, ...]) -> None:
    path = _qemu_that_says(tmp_path, script)
    answer = call("run", "arm64-cloud-virt.minimal.distro.direct", "--out", str(tmp_path / "run"), PATH=path)
    assert answer.status == 3, answer.stderr
    (cell,) = json.loads((tmp_path / "run" / "results.json").read_text())["cells"]
    assert cell["verdict"] == "error"
    assert all(word in cell["cause"] for word in words), cell["cause"]
    assert "Traceback" not in answer.stderr


def test_no_qemu_at_all(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("dpkg-deb", "depmod", "apt-get", "apt-cache", "setpriv", "sh"):
        (tools / tool).symlink_to(f"/usr/bin/{tool}")
    answer = call("run", "arm64-cloud-virt.minimal.distro.direct", "--out", str(tmp_path / "run"), PATH=str(tools))
    assert answer.status == 3, answer.stderr
    (cell,) = json.loads((tmp_path / "run" / "results.json").read_text())["cells"]
    assert "qemu-system-aarch64 is not installed" in cell["cause"]
    doctor = call("doctor", "--json", PATH=str(tools), BOOTMATRIX_CACHE=str(tmp_path / "store"))
    assert doctor.status == 3
    findings = {finding["name"]: finding for finding in json.loads(doctor.stdout)}
    assert findings["qemu arm64"]["ok"] is False


def test_doctor_tells_of_every_architecture_and_why(tmp_path: Path) -> None:
    answer = call("doctor", "--json", BOOTMATRIX_CACHE=str(tmp_path))  # a store that is full takes it a minute to read
    findings = {finding["name"]: finding for finding in json.loads(answer.stdout)}
    assert answer.status == (0 if all(finding["ok"] for finding in findings.values()) else 3)
    for arch in ("x86_64", "arm64", "armhf"):
        accelerator = findings[f"accelerator {arch}"]["facts"]
        assert accelerator["name"] in {"kvm", "tcg"}
        assert accelerator["reason"]


def test_schemas_are_json() -> None:
    for name in ("matrix", "target", "lab", "results"):
        answer = call("schema", name)
        assert answer.status == 0, answer.stderr
        assert json.loads(answer.stdout)["$schema"].endswith("2020-12/schema")


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "from harness.cli import main; main()", "schema", "results"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == b""
