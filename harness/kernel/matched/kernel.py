"""Kernel `matched`: a target in, a kernel built for it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.kernel.artifact import KernelArtifact
from harness.kernel.matched.build import built, device_tree
from harness.kernel.matched.fragments import fragments_of, merged
from harness.kernel.matched.resolve import ResolvedConfig, resolve
from harness.kernel.matched.source import DEFAULT_SOURCE, SourceTree, source_tree
from harness.kernel.matched.toolchain import Toolchain, toolchain
from harness.plan.target import Target
from harness.store import Progress, Store, silent


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that a matched kernel is made from."""

    config: ResolvedConfig
    source: SourceTree
    toolchain: Toolchain


def recipe_of(
    target: Target,
    store: Store,
    progress: Progress = silent,
    *,
    source: str = DEFAULT_SOURCE,
    features: Iterable[str] = (),
) -> Recipe:
    """The target's fragments and those of `features`, resolved and audited. See `source_tree` for `source`.

    Raises InputError for what the audit finds, HostError for tools that are missing.
    """
    requests = merged(fragments_of(target, features), target.folders)
    tools = toolchain(target.arch)
    tree = source_tree(source, store, progress)
    return Recipe(resolve(requests, tree, tools, store, progress), tree, tools)


def matched_kernel(
    target: Target,
    store: Store,
    progress: Progress = silent,
    *,
    source: str = DEFAULT_SOURCE,
    features: Iterable[str] = (),
) -> KernelArtifact:
    """The kernel built from source for this target; see `recipe_of`. Milliseconds where nothing has changed."""
    recipe = recipe_of(target, store, progress, source=source, features=features)
    folder = built(recipe.config, recipe.source, recipe.toolchain, store, progress)
    release = (folder / "release").read_text(encoding="utf-8").strip()
    wanted = target.kernel.dtb
    dtb = device_tree(wanted, recipe.config, recipe.source, recipe.toolchain, store) if wanted else None
    has_modules = (folder / "lib/modules" / release).is_dir()
    return KernelArtifact(
        image=folder / "kernel",
        release=release,
        arch=target.arch,
        config=folder / "config",
        modules=folder if has_modules else None,
        system_map=folder / "System.map",
        dtbs=None,
        origin=f"Linux {recipe.source.version} for {target.name}",
        key=folder.name,
        dtb=dtb,
        matched=True,
    )
