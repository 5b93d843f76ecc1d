"""The command line of `bootmatrix trust`; as in `cli.py`, everything but typer is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

trust_app = typer.Typer(no_args_is_help=True, help="Repositories of signed images (TUF).")

Folder = Annotated[Path, typer.Argument(metavar="REPO", help="folder of the repository")]
KeysFolder = Annotated[Path, typer.Option("--keys", metavar="DIR", help="folder with ROLE.pem of each role")]
Expires = Annotated[
    list[str] | None, typer.Option("--expires", metavar="ROLE=DAYS", help="days that a role's signature counts")
]


@trust_app.command("init")
def init_command(folder: Folder, keys: KeysFolder, expires: Expires = None) -> int:
    """Make a repository and its keys, and print the root that its readers are given."""
    from harness.commands.trust import days_of, init

    return init(folder, keys, days_of(expires or ()))


@trust_app.command("publish")
def publish_command(
    folder: Folder,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="components, or names of other images")],
    keys: KeysFolder,
    arch: Annotated[list[str], typer.Option("--arch", metavar="A", help="architecture; may be given several times")],
    layout: Annotated[Path | None, typer.Option("--layout", help="an OCI image layout to take images from")] = None,
    expires: Expires = None,
) -> int:
    """Sign images and add them to a repository."""
    from harness.commands.trust import days_of, publish

    return publish(folder, keys, images, arch, layout, days_of(expires or ()))


@trust_app.command("refresh")
def refresh_command(folder: Folder, keys: KeysFolder, expires: Expires = None) -> int:
    """Sign a repository again before its signatures expire."""
    from harness.commands.trust import days_of, refresh

    return refresh(folder, keys, days_of(expires or ()))


@trust_app.command("rotate")
def rotate_command(
    folder: Folder,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="root, targets, snapshot or timestamp")],
    keys: KeysFolder,
    expires: Expires = None,
) -> int:
    """Give a role a new key."""
    from harness.commands.trust import days_of, rotate

    return rotate(folder, keys, role, days_of(expires or ()))


@trust_app.command("list")
def list_command(
    repository: Annotated[str, typer.Argument(metavar="REPO", help="folder or http(s) address of the repository")],
    root: Annotated[Path, typer.Option("--root", metavar="FILE", help="its root, got by a way that you trust")],
) -> int:
    """Print what a repository has signed, read through its root."""
    from harness.commands.trust import list_names

    return list_names(repository, root)
