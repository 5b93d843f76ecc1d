"""Which cells of a plan are meant: by name, by marker expression, by suite."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import InputError
from harness.plan.cells import Cell, Plan, check_words, has_glob, matching
from harness.plan.expr import compile_expression
from harness.plan.validate import suggestion
from harness.plan.yamlfile import shown


def select(
    plan: Plan,
    names: Sequence[str] = (),
    expr: str | None = None,
    suite: str | None = None,
    default_suite: str | None = None,
) -> list[Cell]:
    """The cells that satisfy all that is given, in the order of the plan.

    names: cell ids, target names, or globs over either; searched in the whole matrix. Where nothing else is given, a
    target's name stands for its cells with the matrix's default image, kernel and media, if it has any.
    expr: as pytest's -m; blank means no filter, as there.
    suite: only cells of this suite.
    default_suite: the suite meant when none of the other three is given (`quick` for a run, none for a list).
    InputError when a name, a word or the suite is unknown, or when nothing satisfies all of it.
    """
    expr = expr if expr and expr.strip() else None
    if suite is None and expr is None and not names:
        suite = default_suite
    chosen: set[str] = set()
    for name in names:
        chosen.update(_ids(plan, name, alone=suite is None and expr is None))
    if suite is not None and suite not in plan.suites:
        raise InputError(f"unknown suite {shown(suite)}", hint=suggestion(suite, plan.suites, "known suites are"))
    expression = None
    if expr is not None:
        expression = compile_expression(expr)
        check_words(expression, plan.markers)
    cells = [
        cell
        for cell in plan.cells
        if (not names or cell.id in chosen)
        and (suite is None or suite in cell.suites)
        and (expression is None or expression.matches(cell.markers))
    ]
    if not cells:
        asked = [f"the names {shown(' '.join(names))}"] if names else []
        asked += [f"expression {shown(expr)}"] if expr is not None else []
        asked += [f"suite {shown(suite)}"] if suite is not None else []
        raise InputError(f"no cell matches {' and '.join(asked)}", hint="`bootmatrix list` shows every cell")
    return cells


def _ids(plan: Plan, name: str, *, alone: bool) -> list[str]:
    """The ids of the cells that one name stands for; `alone`: nothing else tells which of a target's cells."""
    if name in plan.by_id:
        return [name]
    targets = dict.fromkeys(cell.target.name for cell in plan.cells)
    found: list[str] = []
    if not has_glob(name):
        meant = {name} & targets.keys()
    else:
        meant = set(matching(name, targets))
        found = matching(name, plan.by_id)
    if meant:
        cells = [cell for cell in plan.cells if cell.target.name in meant]
        if alone and not has_glob(name):
            # Each narrows what is left, where anything would be: a target may have no cell with the default.
            cells = [cell for cell in cells if cell.image == plan.defaults.image] or cells
            cells = [cell for cell in cells if cell.kernel == plan.defaults.kernel] or cells
            cells = [cell for cell in cells if cell.media == plan.defaults.media] or cells
        found += [cell.id for cell in cells]
    if not found:
        raise InputError(f"no cell or target {shown(name)}", hint=suggestion(name, (*targets, *plan.by_id)))
    return found
