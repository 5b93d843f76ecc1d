"""The reader of device trees, against trees that dtc made, and against damage."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.kernel.devicetree import read_tree

SOURCE = """/dts-v1/;
/ {
    compatible = "acme,board", "acme,soc";
    aliases { serial1 = "/soc/serial@10"; };
    chosen { stdout-path = "serial1:115200n8"; };
    soc {
        compatible = "simple-bus";
        serial@10 { compatible = "arm,pl011", "arm,primecell"; status = "okay"; };
        off { status = "disabled"; compatible = "acme,off"; inner { compatible = "acme,inner"; }; };
    };
};
"""


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    dtc = shutil.which("dtc")
    assert dtc, "dtc is missing: install device-tree-compiler"
    path = tmp_path / "board.dtb"
    subprocess.run([dtc, "-q", "-O", "dtb", "-o", str(path)], input=SOURCE, text=True, check=True)
    return path


def test_nodes_aliases_and_the_console(blob: Path) -> None:
    tree = read_tree(blob)
    assert [(node.path, node.enabled) for node in tree.nodes] == [
        ("/", True), ("/soc", True), ("/soc/serial@10", True), ("/soc/off", False), ("/soc/off/inner", False)
    ]  # fmt: skip
    node = tree.at(tree.stdout)
    assert node
    assert node.compatible == ("arm,pl011", "arm,primecell")
    assert tree.at("serial7") is None


def test_a_cut_tree_is_refused(blob: Path) -> None:
    whole = blob.read_bytes()
    refused = 0
    for size in range(0, len(whole), 7):
        blob.write_bytes(whole[:size])
        try:
            read_tree(blob)
        except InputError:
            refused += 1
    assert refused > len(whole) // 14


def test_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.dtb"
    path.write_bytes(b"#!/bin/sh\n" * 10)
    with pytest.raises(InputError, match="does not begin with d00dfeed"):
        read_tree(path)


def test_endless_nesting_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.dtb"
    path.write_bytes(b"\xd0\x0d\xfe\xed" + bytes(4) + (16).to_bytes(4) + bytes(4) + b"\0\0\0\1\0\0\0\0" * 100)
    with pytest.raises(InputError, match="nested deeper"):
        read_tree(path)
