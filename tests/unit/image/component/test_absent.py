"""A component that is not there: the message names what was tried, and the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.image.component.build import Components
from harness.image.oci.layout import Absent
from harness.kernel.aptroot import Answer, AptRoot, NoPackage
from harness.store import Store
from harness.words import Arch


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("nginxx", r"there is no component nginxx \(is nginx meant\?\)"),
        ("qqqqqq", "there is no component qqqqqq$"),
        ("ghcr.io/nginx:1", "there is no component ghcr.io/nginx:1$"),
    ],
)
def test_the_nearest_is_named(tmp_path: Path, ref: str, told: str) -> None:
    with pytest.raises(Absent, match=told):
        Components(Store(tmp_path)).resolve(ref, Arch.X86_64)
    with pytest.raises(Absent, match=told):
        list(Components(Store(tmp_path)).layout(ref, ("linux/amd64",)))


def test_a_package_that_debian_lacks_for_an_architecture_names_its_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(apt: AptRoot, package: str, *, again: bool = False) -> Answer:
        suite = apt._sources()[0].suite
        raise NoPackage(f"Debian has no package {package} for {apt.arch} in {suite}", hint="of a kernel")

    monkeypatch.setattr(AptRoot, "resolve", without)
    told = "the component hyperv-daemons cannot be made: Debian has no package [a-z-]+ for riscv64 in sid; leave it out"
    with pytest.raises(InputError, match=told):
        Components(Store(tmp_path)).resolve("hyperv-daemons", Arch.RISCV64)
