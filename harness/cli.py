"""The command line: reads it, calls the command, and turns errors into one line and an exit status.

Everything but typer is imported when a command is called, so that `list` answers at once.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.cli_trust import trust_app
from harness.errors import BootmatrixError, InputError

# pydantic looks through every installed package for plugins of its own, of which there are none: 15 ms each start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Build, boot and judge a matrix of hardware targets.",
)

kernel_app = typer.Typer(no_args_is_help=True, help="Kernels built to match a target.")
app.add_typer(kernel_app, name="kernel")
image_app = typer.Typer(no_args_is_help=True, help="Build images from YAML and components.")
app.add_typer(image_app, name="image")
app.add_typer(trust_app, name="trust")

Cells = Annotated[list[str] | None, typer.Argument(help="cell ids, target names, or globs over them")]
Expression = Annotated[str | None, typer.Option("-m", metavar="EXPR", help="marker expression, as pytest's -m")]
SuiteName = Annotated[str | None, typer.Option("--suite", help="a suite of matrix.yml")]
MatrixFile = Annotated[Path | None, typer.Option("--matrix", help="matrix.yml to use instead of the one found")]
LabFile = Annotated[Path | None, typer.Option("--lab", help="lab.yml to use instead of the one beside matrix.yml")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Jobs = Annotated[int | None, typer.Option("-j", min=1, max=512, help="boots at once (default: as keeps the host busy)")]
Out = Annotated[Path | None, typer.Option("--out", help="folder for the records (default: reports/<timestamp>)")]
TargetName = Annotated[str, typer.Argument(metavar="TARGET", help="a target's name")]
Source = Annotated[
    str | None,
    typer.Option("--source", help="of matched kernels: debian:PACKAGE, a tarball, a folder, or git:FOLDER@REVISION"),
]
NoPreflight = Annotated[bool, typer.Option("--no-preflight", help="boot also what preflight says would fail")]


@app.command("list")
def list_command(
    cells: Cells = None,
    expression: Expression = None,
    suite: SuiteName = None,
    matrix: MatrixFile = None,
    json: Json = False,
) -> int:
    """List cells."""
    from harness.commands.list_cells import list_cells
    from harness.commands.project import Selection

    return list_cells(Selection(cells or (), expression, suite, matrix), as_json=json)


@app.command("run")
def run_command(
    cells: Cells = None,
    expression: Expression = None,
    suite: SuiteName = None,
    jobs: Jobs = None,
    out: Out = None,
    kernel: Annotated[str | None, typer.Option("--kernel", help="distro, matched, or a kernel file of yours")] = None,
    source: Source = None,
    matrix: MatrixFile = None,
    lab: LabFile = None,
    no_preflight: NoPreflight = False,
    json: Json = False,
) -> int:
    """Build, boot and judge cells (default: suite quick)."""
    from harness.commands.project import Selection
    from harness.commands.run import Output, run

    output = Output(out=out, as_json=json, jobs=jobs, preflight=not no_preflight)
    return run(Selection(cells or (), expression, suite, matrix), output, kernel=kernel, source=source, lab=lab)


@app.command("boot")
def boot_command(
    target: Annotated[str, typer.Option("--target", help="the target to boot on")],
    kernel: Annotated[Path | None, typer.Option("--kernel", help="a kernel of yours")] = None,
    initrd: Annotated[Path | None, typer.Option("--initrd", help="its initrd")] = None,
    dtb: Annotated[Path | None, typer.Option("--dtb", help="its device tree (default: Debian's for the board)")] = None,
    iso: Annotated[Path | None, typer.Option("--iso", help="an ISO image of yours")] = None,
    disk: Annotated[Path | None, typer.Option("--disk", help="a disk image of yours; never altered")] = None,
    append: Annotated[str, typer.Option("--append", help="words for the kernel's command line")] = "",
    ready: Annotated[str | None, typer.Option("--ready", metavar="REGEX", help="console text that means: up")] = None,
    timeout: Annotated[float | None, typer.Option("--timeout", min=1, help="seconds to get there")] = None,
    out: Out = None,
    matrix: MatrixFile = None,
    no_preflight: NoPreflight = False,
    json: Json = False,
) -> int:
    """Boot somebody else's image on a target."""
    from harness.commands.run import Output, boot
    from harness.run.foreign import Foreign

    foreign = Foreign(kernel, initrd, dtb, iso, disk, append, _pattern(ready), timeout)
    return boot(target, foreign, Output(out=out, as_json=json, preflight=not no_preflight), matrix=matrix)


@app.command("build")
def build_command(
    cells: Cells = None,
    expression: Expression = None,
    suite: SuiteName = None,
    source: Source = None,
    matrix: MatrixFile = None,
) -> int:
    """Build cells without booting them."""
    from harness.commands.build import build
    from harness.commands.project import Selection

    return build(Selection(cells or (), expression, suite, matrix), source=source)


@kernel_app.command("config")
def kernel_config_command(target: TargetName, source: Source = None, matrix: MatrixFile = None) -> int:
    """Print the resolved configuration of a target's matched kernel."""
    from harness.commands.kernel import Kernels

    return Kernels(matrix, source).config(target)


@kernel_app.command("audit")
def kernel_audit_command(
    target: TargetName, source: Source = None, matrix: MatrixFile = None, json: Json = False
) -> int:
    """Say who asks for what, and whether the configuration honours it."""
    from harness.commands.kernel import Kernels

    return Kernels(matrix, source).audit(target, as_json=json)


@kernel_app.command("build")
def kernel_build_command(target: TargetName, source: Source = None, matrix: MatrixFile = None) -> int:
    """Build a target's matched kernel and print where it is."""
    from harness.commands.kernel import Kernels

    return Kernels(matrix, source).build(target)


@kernel_app.command("diff")
def kernel_diff_command(
    one: TargetName, other: TargetName, source: Source = None, matrix: MatrixFile = None, json: Json = False
) -> int:
    """Print what differs between the resolved configurations of two targets."""
    from harness.commands.kernel import Kernels

    return Kernels(matrix, source).diff(one, other, as_json=json)


@app.command("console")
def console_command(
    cell: Annotated[str, typer.Argument(help="a cell id, or a target's name")],
    matrix: MatrixFile = None,
    lab: LabFile = None,
) -> int:
    """Boot a cell with its console on this terminal."""
    from harness.commands.console import console

    return console(cell, matrix=matrix, lab=lab)


@app.command("report")
def report_command(runs: Annotated[list[Path], typer.Argument(help="folders of runs")]) -> int:
    """Make the reports of finished runs again."""
    from harness.commands.report import report

    return report(runs)


@app.command("diagnose")
def diagnose_command(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOG...", help="console logs of any machine; - is standard input")
    ],
    target: Annotated[str | None, typer.Option("--target", help="the target that the logs are of")] = None,
    matrix: MatrixFile = None,
    json: Json = False,
) -> int:
    """Say what console logs tell: outcome, cause, decisive line."""
    from harness.commands.diagnose import diagnose

    return diagnose(logs, target=target, matrix=matrix, as_json=json)


@app.command("explain")
def explain_command(
    name: Annotated[
        str, typer.Argument(metavar="CELL|RUN", help="a cell or target of the newest run, or a run's folder")
    ],
) -> int:
    """Tell why a boot failed."""
    from harness.commands.explain import explain_command as explain

    return explain(name)


@app.command("doctor")
def doctor_command(matrix: MatrixFile = None, json: Json = False) -> int:
    """Tell what this host has and what it lacks."""
    from harness.commands.doctor import doctor

    return doctor(matrix=matrix, as_json=json)


@app.command("schema")
def schema_command(name: Annotated[str, typer.Argument(help="matrix, target, lab or results")]) -> int:
    """Print the JSON Schema of a file."""
    from harness.commands.schema import schema

    return schema(name)


@image_app.command("build")
def image_build_command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.yml...", help="image YAMLs; they merge in this order")],
    arch: Annotated[str, typer.Option("--arch", metavar="A", help="x86_64, arm64, armhf, riscv64, ...")],
    form: Annotated[str, typer.Option("--format", metavar="F", help="tar, kernel+initrd, ...")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for the files; made if need be")],
    layout: Annotated[Path | None, typer.Option("--layout", help="an OCI image layout to take images from")] = None,
    memory: Annotated[
        int | None, typer.Option("--memory", metavar="MIB", min=1, help="refuse what does not fit")
    ] = None,
    trust: Annotated[
        str | None, typer.Option("--trust", metavar="REPO", help="folder or address of a repository of signed images")
    ] = None,
    root: Annotated[Path | None, typer.Option("--root", metavar="FILE", help="the repository's trusted root")] = None,
    require_trust: Annotated[bool, typer.Option("--require-trust", help="refuse what is not signed")] = False,
    smallest: Annotated[
        bool, typer.Option("--smallest", help="pack the initrd by zstd for minutes; the kernel must know RD_ZSTD")
    ] = False,
) -> int:
    """Build an image from YAML."""
    from harness.commands.image import TrustChoice, build

    return build(files, arch, form, out, layout, memory, TrustChoice(trust, root, require_trust), smallest=smallest)


@image_app.command("verify")
def image_verify_command(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH...]", help="bills of images, folders with such, OCI layouts (default: the store)"
        ),
    ] = None,
    trust: Annotated[
        str | None, typer.Option("--trust", metavar="REPO", help="compare with what this repository has signed, too")
    ] = None,
    root: Annotated[Path | None, typer.Option("--root", metavar="FILE", help="the repository's trusted root")] = None,
) -> int:
    """Say whether built images, layouts or the store are still as they were."""
    from harness.commands.verify import verify

    return verify(paths or (), trust, root)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text, re.MULTILINE)
    except re.error as problem:
        raise InputError(f"--ready {text!r} is no regular expression: {problem}") from None


def main() -> None:
    """The console script `bootmatrix`."""
    sys.exit(_run())


def _run() -> int:
    try:
        status = app(standalone_mode=False)
    except BootmatrixError as problem:
        return _complain(str(problem), problem.exit_status)
    except typer.TyperException as problem:
        return _complain(f"{problem.format_message()} (see bootmatrix --help)", 2)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter must not complain about it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return int(status or 0)


def _complain(text: str, status: int) -> int:
    from harness.report.text import SENTENCE, clean

    print(f"bootmatrix: {clean(text, SENTENCE)}", file=sys.stderr)
    return status
