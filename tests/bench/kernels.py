"""What matched kernels gain at the boot and cost at the build, as ratios within one run.

    python -m tests.bench.kernels boot [PAIRS]   matched against distro to init, x86_64 q35 and arm64 virt
    python -m tests.bench.kernels build          our build against plain make, from nothing and with one symbol flipped

`build` compiles for minutes, in a store of its own. Floors: boots 2.2 and 3.5 times as fast; at most 3% over plain
make; 25% of a build from nothing for one symbol; 6 CPU minutes and 5 MB for microvm.
"""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.kernel.matched.build import built
from harness.kernel.matched.fragments import fragments_of, merged, parse
from harness.kernel.matched.kernel import Recipe, recipe_of
from harness.kernel.matched.resolve import resolve
from harness.kernel.matched.source import DEFAULT_SOURCE, source_tree
from harness.plan.catalog import Catalog, builtin_root
from harness.store import Store

PAIRS = {"x86_64-cloud-kvm": 2.2, "arm64-cloud-virt": 3.5}
TARGET = "x86_64-cloud-microvm"
FLIPPED = "CONFIG_DUMMY=y"


def boot(pairs: int) -> None:
    """Boot each pair in turn, and compare the times to the mark `init`."""
    for target, floor in PAIRS.items():
        ratios = []
        for _ in range(pairs):
            distro, matched = (seconds_to_init(target, kernel) for kernel in ("distro", "matched"))
            ratios.append(distro / matched)
        print(
            f"{target}: distro {distro:.2f} s, matched {matched:.2f} s to init; "
            f"{statistics.median(ratios):.2f} times as fast"
            f" (min {min(ratios):.2f}, max {max(ratios):.2f}, {pairs} pairs; floor {floor})"
        )


def seconds_to_init(target: str, kernel: str) -> float:
    """One boot; the seconds from where the guest begins to run (QMP's RESUME) to the first mark of user space.

    What QEMU itself takes to start, some 0.1 s, is the same for every kernel and no part of their boots.
    """
    with tempfile.TemporaryDirectory() as scratch:
        argv = [sys.executable, "-c", "from harness.cli import main; main()"]
        argv += ["run", f"{target}.minimal.distro.direct", "--kernel", kernel, "--out", f"{scratch}/run"]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        (cell,) = json.loads(Path(scratch, "run/results.json").read_text())["cells"]
        events = Path(scratch, "run", cell["console"]).with_suffix(".jsonl").read_text().splitlines()
    resumed = next(event["at"] for event in map(json.loads, events) if event["kind"] == "RESUME")
    return float(next(step["at"] for step in cell["milestones"] if step["name"] == "init") - resumed)


def build() -> None:
    """Build from nothing by plain make and by ours, then with one symbol more."""
    shared = Store()
    target = Catalog(builtin_root()).target(TARGET)
    recipe = recipe_of(target, shared)
    requests = dict(merged(fragments_of(target), target.folders))
    requests |= {each.symbol: each for each in parse(FLIPPED, "flipped")}
    flipped = resolve(requests, source_tree(DEFAULT_SOURCE, shared), recipe.toolchain, shared)
    with tempfile.TemporaryDirectory() as scratch:
        plain = cpu(lambda: plain_make(recipe, Path(scratch, "plain")))
        store = Store(Path(scratch, "store"))
        made: list[Path] = []
        ours = cpu(lambda: made.append(built(recipe.config, recipe.source, recipe.toolchain, store)))
        again = cpu(lambda: made.append(built(flipped, recipe.source, recipe.toolchain, store)))
        image = made[0] / "kernel"
        same = image.read_bytes() == Path(scratch, "plain", recipe.toolchain.arch.image).read_bytes()
        print(
            f"{TARGET} from nothing: {ours / 60:.2f} CPU minutes (floor 6);"
            f" image {image.stat().st_size / 1e6:.2f} MB (5)"
        )
        print(f"against plain make: {ours / plain:.3f} (floor 1.03); the image in another folder is the same: {same}")
        print(f"one symbol flipped: {again / ours:.3f} of a build from nothing (floor 0.25)")


def plain_make(recipe: Recipe, folder: Path) -> None:
    """make as a person calls it, with the variables that make the result comparable."""
    folder.mkdir()
    shutil.copyfile(recipe.config.path, folder / ".config")
    settings: tuple[str, ...] = ("KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 2026", "KBUILD_BUILD_VERSION=1")
    settings += ("KBUILD_BUILD_USER=bootmatrix", "KBUILD_BUILD_HOST=bootmatrix")
    argv = [
        "env",
        *settings,
        "make",
        f"--directory={recipe.source.path}",
        f"O={folder}",
        *recipe.toolchain.arguments,
        "-j2",
    ]
    subprocess.run([*argv, recipe.toolchain.arch.make], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def cpu(work: Callable[[], object]) -> float:
    """Processor seconds that a piece of work takes, with all its children."""
    begin = used()
    work()
    return used() - begin


def used() -> float:
    """Of this process and its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["boot", *count]:
            boot(int(count[0]) if count else 3)
        case ["build"]:
            build()
        case _:
            sys.exit(__doc__)
