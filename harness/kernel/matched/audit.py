"""The audit: every request that the resolved configuration does not honour is an error that says why.

Why is known only to the kernel's own Kconfig, so a small program (explain.c) is linked with the tree's scripts/kconfig
and asked. It takes two seconds, and only for a configuration that is wrong.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HostError, InputError
from harness.kernel.matched import expressions
from harness.kernel.matched.expressions import Expression
from harness.kernel.matched.fragments import Request
from harness.kernel.matched.trees import BuildTree
from harness.plan.validate import nearest
from harness.store import Store

_SOURCE = Path(__file__).with_name("explain.c")
_MAINS = ("conf.o", "mconf.o", "nconf.o", "gconf.o", "qconf.o")
_ALWAYS, _NEVER = expressions.Leaf("y", "y"), expressions.Leaf("n", "n")
_TOLD = 5  # problems of one configuration in a message; the rest is counted


@dataclass(frozen=True, slots=True)
class Explanation:
    """What Kconfig knows of one symbol. `kind` is empty for a symbol that does not exist."""

    symbol: str
    kind: str = ""
    value: str = ""
    prompts: int = 0
    in_choice: bool = False
    depends: Expression = _ALWAYS
    selected_by: Expression = _NEVER


def unhonoured(requests: Mapping[str, Request], symbols: Mapping[str, str]) -> list[Request]:
    """The requests that a configuration does not honour. Built in where a module was asked for is honoured. Pure."""
    return [
        request
        for request in requests.values()
        if not _same(request.value, found := symbols.get(request.symbol, "n")) and (request.value, found) != ("m", "y")
    ]


def _same(asked: str, found: str) -> bool:
    if asked == found:
        return True
    try:  # 0x10 and 16
        return int(asked, 0) == int(found, 0)
    except ValueError:
        return False


def audited(requests: Mapping[str, Request], symbols: Mapping[str, str], tree: BuildTree, store: Store) -> None:
    """Raises InputError for the first request that is not honoured, with the count and the lines of the others."""
    wrong = unhonoured(requests, symbols)
    if not wrong:
        return
    told = {each.symbol: each for each in explain([request.symbol for request in wrong], tree, store)}
    problems = [reason(request, told[request.symbol], tree) for request in wrong]
    first, others = wrong[0], list(zip(wrong, problems, strict=True))[1:]
    more = "".join(f"; also {request.where}: {problem}" for request, problem in others[: _TOLD - 1])
    rest = f"; and {len(others) - _TOLD + 1} more" if len(others) >= _TOLD else ""
    raise InputError(f"{problems[0]}{more}{rest}", where=first.where)


def reason(request: Request, told: Explanation, tree: BuildTree) -> str:
    """Why one request was not honoured, in one clause."""
    name = f"CONFIG_{request.symbol}"
    if not told.kind:
        near = nearest(request.symbol, symbols_of_source(tree.source.path))
        hint = f"; did you mean CONFIG_{near}?" if near else ""
        return f"{name}: Linux {tree.source.version} has no such symbol for {tree.toolchain.arch.srcarch}{hint}"
    if request.value == "n":
        by = expressions.selectors(told.selected_by, holding=True)
        who = f"selected by {_listed(by)}" if by else "on by its own default, with no prompt to turn it off"
        return f"{name}: asked to be off, but it is {told.value}, {who}"
    if request.value in ("y", "m"):
        if told.kind not in ("bool", "tristate"):
            return f"{name}: is of type {told.kind}, not a switch; it is {told.value or 'not set'}"
        if request.value == "m" and told.kind == "bool":
            return f"{name}: is a bool, so it cannot be a module"
        need = 2 if request.value == "y" else 1
        if clauses := expressions.unmet(told.depends, need) if told.prompts else []:
            return f"{name}: depends on {' and '.join(clauses)}"
        if not told.prompts:
            by = expressions.selectors(told.selected_by)
            how = f"it comes with {_listed(by)}" if by else "it follows its default"
            return f"{name}: cannot be asked for directly; {how}"
        if told.in_choice:
            return f"{name}: is one of a choice of which another was taken"
    return f"{name}: asked for {request.value}, but it is {told.value or 'not set'}"


def _listed(names: list[str]) -> str:
    more = f" or {len(names) - 4} others" if len(names) > 4 else ""
    return f"{', '.join(names[:4])}{more}"


def explain(symbols: Iterable[str], tree: BuildTree, store: Store) -> list[Explanation]:
    """Ask the tree's own Kconfig, whose .config has been written. Raises HostError."""
    environment = tree.environment(store)
    _run(tree.make("syncconfig"), environment)  # writes down the variables that Kconfig has read
    program = tree.path / "explain"
    kconfig = tree.path / "scripts/kconfig"
    objects = [str(path) for path in sorted(kconfig.glob("*.o")) if path.name not in _MAINS]
    headers = [f"-I{tree.source.path}/scripts/{folder}" for folder in ("kconfig", "include")]
    _run(["gcc", "-o", str(program), str(_SOURCE), *headers, f"-I{kconfig}", *objects], environment)
    variables = _variables((tree.path / "include/config/auto.conf.cmd").read_text(encoding="utf-8"))
    said = _run(
        [str(program), "Kconfig"],
        {**environment, **variables, "srctree": str(tree.source.path)},
        cwd=tree.path,
        text="".join(f"{symbol}\n" for symbol in symbols),
    )
    return [_explanation(line) for line in said.splitlines() if "\t" in line]


def _explanation(line: str) -> Explanation:
    symbol, known, *rest = line.split("\t")
    if known == "unknown":
        return Explanation(symbol)
    kind, value, prompts, choice, depends, selected = rest
    parse = expressions.parse
    return Explanation(symbol, kind, value, int(prompts), choice == "1", parse(depends), parse(selected))


def _variables(text: str) -> dict[str, str]:
    """The environment variables that Kconfig has read, as it writes them down for make."""
    return {match[1]: match[2] for match in re.finditer(r'^ifneq "\$\(([A-Za-z0-9_]+)\)" "(.*)"$', text, re.MULTILINE)}


def symbols_of_source(source: Path) -> set[str]:
    """Every symbol that some Kconfig file of a source defines: for the nearest name of a misspelt one."""
    found: set[str] = set()
    pattern = re.compile(r"^\s*(?:menu)?config\s+([A-Za-z0-9_]+)", re.MULTILINE)
    for file in source.rglob("Kconfig*"):
        if file.is_file():
            found.update(pattern.findall(file.read_text(encoding="utf-8", errors="replace")))
    return found


def _run(argv: list[str], environment: Mapping[str, str], cwd: Path | None = None, text: str = "") -> str:
    done = subprocess.run(
        argv, input=text, capture_output=True, text=True, errors="replace", check=False, env=environment, cwd=cwd
    )
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
        raise HostError(f"asking Kconfig failed: {argv[0]}: {said.strip()[:300]}")
    return done.stdout
