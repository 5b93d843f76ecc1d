"""Kernels that are broken on purpose, each by one symbol: built from source, refused, and booted all the same.

    python -m tests.faults.kernels [SYMBOL ...]

Each is a target's matched kernel less one symbol. The audit must refuse the configuration where another request depends
on the symbol; preflight must name the symbol before any boot; and with --no-preflight the boot must end as predicted.
It compiles for tens of minutes, so it is no part of the test suite. Exit status 0 if all held.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.kernel.matched.build import built
from harness.kernel.matched.fragments import Request, fragments_of, merged
from harness.kernel.matched.resolve import resolve
from harness.kernel.matched.source import DEFAULT_SOURCE, source_tree
from harness.kernel.matched.toolchain import toolchain
from harness.plan.catalog import Catalog, builtin_root
from harness.store import Store

MICROVM, VIRT, PI, SABRE = "x86_64-cloud-microvm", "arm64-cloud-virt", "raspi3b", "sabrelite"


@dataclass(frozen=True, slots=True)
class Broken:
    """`symbol` is taken out of the target's requests, and so are those that depend on it, which the audit refuses."""

    target: str
    symbol: str
    dependent: tuple[str, ...] = ()


BROKEN = (
    Broken(MICROVM, "SERIAL_8250_CONSOLE"),
    Broken(MICROVM, "RD_GZIP"),
    Broken(MICROVM, "BLK_DEV_INITRD", ("RD_GZIP",)),
    Broken(MICROVM, "BINFMT_ELF"),
    Broken(MICROVM, "BINFMT_SCRIPT"),
    Broken(MICROVM, "DEVTMPFS"),
    Broken(MICROVM, "VIRTIO_MMIO", ("VIRTIO_BLK", "VIRTIO_NET")),
    Broken(MICROVM, "VIRTIO_BLK"),
    Broken(MICROVM, "VIRTIO_NET"),
    Broken(MICROVM, "PACKET"),
    Broken(MICROVM, "PROC_FS", ("PROC_SYSCTL",)),
    Broken(VIRT, "SERIAL_AMBA_PL011_CONSOLE"),
    Broken(VIRT, "PCI_HOST_GENERIC"),
    Broken(VIRT, "VIRTIO_PCI", ("VIRTIO_BLK", "VIRTIO_NET")),
    Broken(PI, "SERIAL_8250_BCM2835AUX"),
    Broken(PI, "MMC_BCM2835"),
    Broken(SABRE, "ARM_THUMB"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one: the audit's word (empty where it had none to say), preflight's, and the boot's."""

    broken: Broken
    audit: str
    named: tuple[str, ...]
    predicted: str
    outcome: str
    seconds: float

    @property
    def holds(self) -> bool:
        """Refused by name, and ended as predicted."""
        return (
            f"CONFIG_{self.broken.symbol}" in self.named
            and self.predicted == self.outcome
            and bool(self.audit) == bool(self.broken.dependent)
        )


def main(wanted: Sequence[str]) -> int:
    """Build, refuse and boot each; print a line for each."""
    cases = [case for case in BROKEN if not wanted or case.symbol in wanted]
    store = Store()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="broken-kernels-") as scratch:
        for case in cases:
            seen = examine(case, store, Path(scratch))
            wrong += not seen.holds
            print(
                f"{'ok   ' if seen.holds else 'WRONG'} {case.target} -{case.symbol}: preflight names "
                f"{', '.join(seen.named) or 'nothing'}, predicts {seen.predicted or 'nothing'}; "
                f"booted anyway: {seen.outcome} ({seen.seconds:.0f} s in all)"
                + (f"; audit: {seen.audit[:120]}" if seen.audit else ""),
                flush=True,
            )
    print(f"{len(cases) - wrong} of {len(cases)} broken kernels were refused by name and failed as predicted")
    return 1 if wrong else 0


def examine(case: Broken, store: Store, scratch: Path) -> Seen:
    """One broken kernel, from its configuration to its end."""
    begin = time.monotonic()
    target = Catalog(builtin_root()).target(case.target)
    requests = dict(merged(fragments_of(target), target.folders))
    del requests[case.symbol]
    audit = refusal(requests, case, store) if case.dependent else ""
    for symbol in case.dependent:
        del requests[symbol]
    source, tools = source_tree(DEFAULT_SOURCE, store), toolchain(target.arch)
    config = resolve(requests, source, tools, store)
    if config.symbols.get(case.symbol):
        raise SystemExit(f"CONFIG_{case.symbol} stays on without being asked for: it breaks nothing")
    image = built(config, source, tools, store) / "kernel"
    refused = run_cell(case, image, scratch)
    booted = run_cell(case, image, scratch, "--no-preflight")
    found = [one for one in refused["preflight"] if one["level"] == "error"]
    if refused["outcome"] is not None or refused["verdict"] != "fail":
        raise SystemExit(f"CONFIG_{case.symbol}: preflight let it boot: {refused}")
    return Seen(
        case,
        audit,
        tuple(one["symbol"] for one in found if one["symbol"]),
        next((one["predicts"] or "" for one in found if one["symbol"] == f"CONFIG_{case.symbol}"), ""),
        booted["outcome"] or "",
        time.monotonic() - begin,
    )


def refusal(requests: dict[str, Request], case: Broken, store: Store) -> str:
    """What the audit says of a configuration whose other requests depend on the symbol, itself or what it selects."""
    target = Catalog(builtin_root()).target(case.target)
    try:
        resolve(requests, source_tree(DEFAULT_SOURCE, store), toolchain(target.arch), store)
    except InputError as problem:
        named = all(f"CONFIG_{symbol}: depends on " in str(problem) for symbol in case.dependent)
        return str(problem) if named else ""
    return ""


def run_cell(case: Broken, image: Path, scratch: Path, *words: str) -> dict[str, object]:
    """The record of the target's cell with this kernel; with less patience than its target has."""
    project = scratch / f"{case.target}-{case.symbol}"
    folder = project / "targets" / "broken"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "target.yml").write_text(f"extends: {case.target}\nboot: {{silence: 30, deadline: 90}}\n")
    (project / "matrix.yml").write_text("axes: {target: [broken]}\n")
    out = project / f"run{len(words)}"
    argv = [sys.executable, "-c", "from harness.cli import main; main()"]
    argv += ["run", "--matrix", str(project / "matrix.yml"), "--kernel", str(image), "--out", str(out), *words]
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    (cell,) = json.loads((out / "results.json").read_text())["cells"]
    return dict(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
