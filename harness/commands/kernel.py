"""`bootmatrix kernel`: what a matched kernel is asked to have, what it has, and the building of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from harness.commands.project import warn
from harness.kernel.matched.fragments import fragments_of, merged
from harness.kernel.matched.kernel import Recipe, matched_kernel, recipe_of
from harness.kernel.matched.source import DEFAULT_SOURCE
from harness.plan.catalog import Catalog
from harness.plan.cells import find_matrix
from harness.plan.target import Target
from harness.report.text import LINE, clean
from harness.store import Progress, Store


class Kernels:
    """The commands, over the targets beside a matrix and one source."""

    def __init__(self, matrix: Path | None, source: str | None) -> None:
        self._catalog = Catalog(find_matrix(matrix).parent)
        self._source = source or DEFAULT_SOURCE
        self._store = Store()

    def _target(self, name: str) -> Target:
        return self._catalog.target(name)

    def _recipe(self, name: str) -> Recipe:
        return recipe_of(self._target(name), self._store, warn, source=self._source)

    def config(self, name: str) -> int:
        """Print the .config."""
        sys.stdout.write(self._recipe(name).config.path.read_text(encoding="utf-8"))
        return 0

    def audit(self, name: str, *, as_json: bool) -> int:
        """Print every request, its value and its place. A request that is not honoured is an InputError."""
        target = self._target(name)
        self._recipe(name)
        requests = merged(fragments_of(target), target.folders).values()
        if as_json:
            rows = [{"symbol": f"CONFIG_{each.symbol}", "value": each.value, **asdict(each.where)} for each in requests]
            print(json.dumps(rows, indent=1))
            return 0
        from tabulate import tabulate

        print(tabulate([[each.symbol, each.value, str(each.where)] for each in requests], tablefmt="plain"))
        print(f"{len(requests)} requests, all honoured")
        return 0

    def build(self, name: str) -> int:
        """Build, and print where the files are."""
        with _telling() as progress:
            kernel = matched_kernel(self._target(name), self._store, progress, source=self._source)
        print(kernel.origin)
        for what, path in (("kernel", kernel.image), ("config", kernel.config), ("dtb", kernel.dtb)):
            if path:
                print(f"  {what}: {path}")
        return 0

    def diff(self, one: str, other: str, *, as_json: bool) -> int:
        """Print the symbols whose values differ; `n` is one that is not set."""
        first, second = self._recipe(one).config.symbols, self._recipe(other).config.symbols
        rows = [
            (symbol, first.get(symbol, "n"), second.get(symbol, "n"))
            for symbol in sorted(first.keys() | second.keys())
            if first.get(symbol, "n") != second.get(symbol, "n")
        ]
        if as_json:
            print(json.dumps([{"symbol": f"CONFIG_{symbol}", one: left, other: right} for symbol, left, right in rows]))
            return 0
        from tabulate import tabulate

        print(tabulate(rows, headers=["symbol", one, other], tablefmt="simple"))
        print(f"{len(rows)} symbols differ")
        return 0


@contextmanager
def _telling() -> Iterator[Progress]:
    """Progress on one line of a terminal; a log gets nothing but the result."""
    from rich.console import Console

    with Console(stderr=True).status("kernel") as status:

        def tell(text: str) -> None:
            status.update(clean(text, LINE))

        yield tell
