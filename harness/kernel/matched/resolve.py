"""Requests and a source in, the whole .config out: worked out by the kernel's own Kconfig, and audited."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError
from harness.kernel.matched.audit import audited
from harness.kernel.matched.fragments import Request
from harness.kernel.matched.source import SourceTree
from harness.kernel.matched.toolchain import Toolchain
from harness.kernel.matched.trees import KCONFIG, BuildTree, build_tree
from harness.kernel.symbols import Symbols, read_symbols, symbols_of
from harness.store import Progress, Store, no_space_left, silent

_LAYOUT = 1


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """A .config in the store. `key` follows its bytes: two sets of requests may come to the same kernel."""

    path: Path
    key: str

    @property
    def symbols(self) -> Symbols:
        """Every symbol that is set, without CONFIG_."""
        return read_symbols(self.path)


def resolve(
    requests: Mapping[str, Request],
    source: SourceTree,
    toolchain: Toolchain,
    store: Store,
    progress: Progress = silent,
) -> ResolvedConfig:
    """The .config that honours every request, with everything else off.

    Raises InputError, naming file, line and unmet dependency, for the requests that Kconfig does not honour.
    """
    text = "".join(f"{request.line}\n" for request in requests.values())
    inputs = {
        "layout": _LAYOUT,
        "source": source.key,
        "arch": toolchain.arch.arch,
        "compiler": toolchain.identity,
        "requests": text,
    }

    def make(folder: Path) -> None:
        progress(f"resolving a configuration of Linux {source.version}")
        with build_tree(source, toolchain, KCONFIG, store) as tree:
            asked = tree.path / "requests.config"
            asked.write_text(text, encoding="utf-8")
            allnoconfig(tree, asked, store)
            resolved = (tree.path / ".config").read_text(encoding="utf-8")
            audited(requests, symbols_of(resolved), tree, store)
            shutil.copyfile(tree.path / ".config", folder / "config")

    path = store.get("kconfig", inputs, make, room=1 << 20) / "config"
    return ResolvedConfig(path, hashlib.sha256(path.read_bytes()).hexdigest())


def allnoconfig(tree: BuildTree, asked: Path, store: Store) -> None:
    """Write the tree's .config: all that is asked for, and nothing else that can be off. Raises HostError."""
    environment = {**tree.environment(store), "KCONFIG_ALLCONFIG": str(asked)}
    done = subprocess.run(
        tree.make("allnoconfig"),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, env=environment,
    )  # fmt: skip
    if done.returncode == 0:
        return
    said = done.stderr
    full = no_space_left(said, store.root, "kconfig", 1 << 30)
    first = next((line for line in said.splitlines() if re.search(r"\berror\b|\*\*\*", line, re.IGNORECASE)), said)
    raise full or HostError(f"Kconfig of {tree.source.origin} failed: {first.strip()[:300]}")
