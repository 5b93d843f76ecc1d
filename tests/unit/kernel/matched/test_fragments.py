"""Fragments: read with the place of every request; contradictions name both places."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.kernel.matched.fragments import CONFIG, fragments_of, merged, parse, read_fragment
from harness.plan.catalog import Catalog, builtin_root


def fragment(folder: Path, text: str, name: str = "kernel.config") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def test_requests_have_their_lines() -> None:
    text = '# why\nCONFIG_A=y\n\nCONFIG_B=m\n# CONFIG_C is not set\nCONFIG_D=0x10\nCONFIG_E="a \\"b\\""\nCONFIG_F=-1\n'
    found = [(each.symbol, each.value, each.where.line) for each in parse(text, "f")]
    assert found == [
        ("A", "y", 2), ("B", "m", 4), ("C", "n", 5), ("D", "0x10", 6), ("E", '"a \\"b\\""', 7), ("F", "-1", 8),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["CONFIG_A", "A=y", "CONFIG_A=yes", "CONFIG_A =y", 'CONFIG_A="x', "CONFIG_A=y # why", "CONFIG_Ä=y", "\0"]
)
def test_a_line_that_is_none(line: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(f"CONFIG_OK=y\n{line}\n", "some.config")
    assert str(caught.value).startswith("some.config:2: ")


def test_a_symbol_asked_for_twice_in_one_file() -> None:
    assert len(parse("CONFIG_A=y\nCONFIG_A=y\n", "f")) == 1
    with pytest.raises(InputError, match=r"f:3: CONFIG_A=m contradicts line 1, which asks for y"):
        parse("CONFIG_A=y\n\nCONFIG_A=m\n", "f")


def test_two_fragments_that_contradict_each_other_are_both_named(tmp_path: Path) -> None:
    one, other = fragment(tmp_path / "one", "CONFIG_A=y\n"), fragment(tmp_path / "two", "\nCONFIG_A=n\n")
    with pytest.raises(InputError) as caught:
        merged([read_fragment(one), read_fragment(other)])
    assert f"{other}:2: CONFIG_A=n contradicts {one}:1, which asks for y" in str(caught.value)


def test_a_target_may_change_its_mind_about_the_one_it_extends(tmp_path: Path) -> None:
    old, new = fragment(tmp_path / "old", "CONFIG_A=y\n"), fragment(tmp_path / "new", "CONFIG_A=m\n")
    family = [tmp_path / "old", tmp_path / "new"]
    assert merged([read_fragment(old), read_fragment(new)], family)["A"].value == "m"


def test_a_target_may_not_contradict_what_every_kernel_has(tmp_path: Path) -> None:
    base, own = fragment(tmp_path / "base", "CONFIG_A=y\n"), fragment(tmp_path / "own", "CONFIG_A=n\n")
    with pytest.raises(InputError, match="contradicts"):
        merged([read_fragment(base), read_fragment(own)], [tmp_path / "own"])


def test_a_fragment_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "kernel.config"
    path.write_bytes(b"CONFIG_A=\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_fragment(path)


def test_an_unknown_feature_names_the_nearest() -> None:
    target = Catalog(builtin_root()).target("arm64-cloud-virt")
    with pytest.raises(InputError, match="did you mean 'containers'"):
        fragments_of(target, ["container"])


def test_every_shipped_fragment_can_be_read() -> None:
    paths = sorted(CONFIG.rglob("*.config"))
    assert len(paths) > 12
    assert all(read_fragment(path).requests for path in paths)


def test_a_targets_fragments_come_general_first() -> None:
    target = Catalog(builtin_root()).target("arm64-baremetal-uefi")
    names = [f"{each.path.parent.name}/{each.path.name}" for each in fragments_of(target)]
    assert names == [
        "config/base.config",
        "arch/arm64.config",
        "features/uefi.config",
        "_arm64-virt/kernel.config",
        "arm64-baremetal-uefi/kernel.config",
    ]
