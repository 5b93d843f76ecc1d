"""make, watched: its first error is told, an interrupted build goes on, and a full disk leaves nothing half-made.

The source is a small tree of our own that make really makes; tests/boot/test_matched.py builds a kernel.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from harness.errors import HostError
from harness.kernel.matched.build import built
from harness.kernel.matched.resolve import ResolvedConfig
from harness.kernel.matched.source import SourceTree
from harness.kernel.matched.toolchain import Toolchain, kernel_arch
from harness.store import Store
from harness.words import Arch

# Each object is a line in `compiled`, so that a test sees what was compiled again.
MAKEFILE = """\
objects := $(O)/a.o $(O)/b.o $(O)/c.o
bzImage: $(objects)
\t@mkdir -p $(O)/arch/x86/boot $(O)/include/config
\t@cat $(objects) > $(O)/arch/x86/boot/bzImage
\t@echo 6.12.1 > $(O)/include/config/kernel.release
\t@touch $(O)/System.map
$(O)/%.o: $(CURDIR)/%.c
\t@echo '  CC      $*.o'
\t@echo $* >> $(O)/compiled
\t@sh $< > $@ || { rm -f $@; exit 1; }
"""


class Small(NamedTuple):
    """A source of three files, each a script that prints its object."""

    folder: Path
    config: ResolvedConfig
    store: Store

    def build(self) -> Path:
        source = SourceTree(self.folder, "key", "0123456789abcdef", "6.12.1", "a small tree")
        progress: list[str] = []
        return built(self.config, source, TOOLCHAIN, self.store, progress.append)

    @property
    def tree(self) -> Path:
        """Where make works."""
        (folder,) = (self.store.root / "build").glob("*-objects")
        return folder

    def compiled(self) -> list[str]:
        """What has been compiled, in the order of the alphabet, as often as it was."""
        return sorted((self.tree / "compiled").read_text(encoding="utf-8").split())


TOOLCHAIN = Toolchain(kernel_arch(Arch.X86_64), "", False, "a compiler")


@pytest.fixture
def small(tmp_path: Path) -> Small:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    for name in "abc":
        (folder / f"{name}.c").write_text(f"echo {name}\n", encoding="utf-8")
    config = tmp_path / "config"
    config.write_text("CONFIG_A=y\n", encoding="utf-8")
    return Small(folder, ResolvedConfig(config, "config"), Store(tmp_path / "store"))


def kernels(store: Store) -> list[Path]:
    """What the store has of kernels, made or half made."""
    return [path for path in (store.root / "matched-kernel").glob("*") if path.is_dir()]


def test_an_image_in_the_store(small: Small) -> None:
    made = small.build()
    assert (made / "kernel").read_text(encoding="utf-8") == "a\nb\nc\n"
    assert (made / "release").read_text(encoding="utf-8") == "6.12.1\n"
    assert "CC      a.o" in (made / "log").read_text(encoding="utf-8")


def test_a_kernel_with_modules_leaves_the_objects_of_those_without_alone(small: Small, tmp_path: Path) -> None:
    small.build()
    modular = tmp_path / "modular"
    modular.write_text("CONFIG_MODULES=y\n", encoding="utf-8")
    small._replace(config=ResolvedConfig(modular, "modular")).build()
    assert (small.tree / ".config").read_text(encoding="utf-8") == "CONFIG_A=y\n"
    assert small.compiled() == ["a", "b", "c"]
    assert len(kernels(small.store)) == 2


def test_the_first_error_is_told_and_the_next_build_goes_on(small: Small) -> None:
    (small.folder / "c.c").write_text("echo 'c.c:1:5: error: no such thing' >&2; exit 1\n", encoding="utf-8")
    with pytest.raises(HostError) as caught:
        small.build()
    assert str(caught.value).startswith("building Linux 6.12.1 failed: c.c:1:5: error: no such thing")
    assert str(small.tree / "build.log") in (caught.value.hint or "")
    assert kernels(small.store) == []
    (small.folder / "c.c").write_text("echo c\n", encoding="utf-8")
    assert (small.build() / "kernel").read_text(encoding="utf-8") == "a\nb\nc\n"
    assert small.compiled() == ["a", "b", "c", "c"]


def test_a_disk_that_is_full_for_the_compiler(small: Small) -> None:
    (small.folder / "b.c").write_text("echo b > /dev/full\n", encoding="utf-8")
    with pytest.raises(HostError, match=r"no space|full") as caught:
        small.build()
    assert str(small.store.root) in str(caught.value)
    assert kernels(small.store) == []
    (small.folder / "b.c").write_text("echo b\n", encoding="utf-8")
    assert (small.build() / "kernel").read_text(encoding="utf-8") == "a\nb\nc\n"


def test_a_disk_that_is_full_for_the_log(small: Small) -> None:
    small.build()
    small.config.path.write_text("CONFIG_B=y\n", encoding="utf-8")
    other = small._replace(config=ResolvedConfig(small.config.path, "other"))
    (small.tree / "build.log").unlink()
    (small.tree / "build.log").symlink_to("/dev/full")
    with pytest.raises(HostError, match=r"no space|full"):
        other.build()
    assert len(kernels(small.store)) == 1
    (small.tree / "build.log").unlink()
    assert (other.build() / "kernel").read_text(encoding="utf-8") == "a\nb\nc\n"


def test_whoever_interrupts_ends_the_build_and_the_next_goes_on(small: Small) -> None:
    def stop(text: str) -> None:
        if " 2 " in text:
            raise KeyboardInterrupt

    source = SourceTree(small.folder, "key", "0123456789abcdef", "6.12.1", "a small tree")
    with pytest.raises(KeyboardInterrupt):
        built(small.config, source, TOOLCHAIN, small.store, stop)
    assert kernels(small.store) == []
    assert (small.build() / "kernel").read_text(encoding="utf-8") == "a\nb\nc\n"


def test_a_kernel_altered_in_the_store_is_built_anew(small: Small) -> None:
    made = small.build()
    (made / "kernel").chmod(0o644)
    (made / "kernel").write_text("poison\n", encoding="utf-8")
    assert (small.build() / "kernel").read_text(encoding="utf-8") == "a\nb\nc\n"
