"""Checks of a guest that is up, against servers of this process."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from harness.boot.checks import tcp as tcp_module
from harness.boot.checks.check import Check, CheckFailed, shown
from harness.boot.checks.http import Http
from harness.boot.checks.registry import checks_of, kinds
from harness.boot.checks.shell import InShell
from harness.boot.checks.ssh import Ssh
from harness.boot.checks.tcp import Tcp
from harness.boot.dialogue import CommandResult
from harness.errors import BootmatrixError, InputError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Guest:
    """One port that leads to `port`, and a shell that answers `answer`."""

    port: int | None = None
    answer: CommandResult | None = None
    key: Path | None = None

    async def endpoint(self, port: int) -> tuple[str, int] | None:
        return None if self.port is None else ("127.0.0.1", self.port)

    async def command(self, text: str, seconds: float) -> CommandResult:
        if self.answer is None:
            raise BootmatrixError(f"no answer to {text!r}")
        return self.answer


@contextlib.asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[int]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(closing, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def says(*answers: bytes) -> Handler:
    """Each connection gets the next answer, the last one again and again."""
    left = list(answers)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer:
            await reader.read(1000)
            writer.write(answer)
            await writer.drain()

    return handler


async def asked(check: Check, handler: Handler) -> str:
    async with server(handler) as port:
        return await check.ask(Guest(port))


PAGE = b"HTTP/1.0 200 OK\r\n\r\n<p>served here</p>\n"
AWAY = b"HTTP/1.0 404 Not Found\r\n\r\n"


def test_http() -> None:
    check = Http(name="page", kind="http", expect="served \\w+", timeout=5)
    assert asyncio.run(asked(check, says(PAGE))) == "GET :80/ 200: served here"


def test_http_asks_again_until_it_is_answered() -> None:
    """A port that QEMU forwards takes connections for a guest that does not listen yet, and closes them."""
    check = Http(name="page", kind="http", expect="served", timeout=20)
    assert "served" in asyncio.run(asked(check, says(b"", b"", AWAY, PAGE)))


@pytest.mark.parametrize(
    ("answer", "seen"), [(AWAY, "status 404, expected 200"), (PAGE.replace(b"served", b"eaten"), "got '<p>eaten")]
)
def test_http_refuses_another_answer(answer: bytes, seen: str) -> None:
    check = Http(name="page", kind="http", expect="served", timeout=0.5)
    with pytest.raises(CheckFailed, match=seen):
        asyncio.run(asked(check, says(answer)))


def test_tcp() -> None:
    check = Tcp(name="greeting", kind="tcp", port=25, send="EHLO me\n", expect="^220 .*$", timeout=5)
    assert asyncio.run(asked(check, says(b"220 here\r\n"))) == "tcp :25: 220 here"
    with pytest.raises(CheckFailed, match="expected"):
        asyncio.run(asked(check.model_copy(update={"timeout": 0.3}), says(b"554 no\r\n")))


def test_a_connection_that_is_taken_proves_nothing() -> None:
    check = Tcp(name="greeting", kind="tcp", port=25, expect="220", timeout=0.3)
    with pytest.raises(CheckFailed, match=r"not in 0\.3 s"):
        asyncio.run(asked(check, says(b"")))


def test_a_connection_that_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_module, "_WAIT", 0.1)

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    check = Tcp(name="greeting", kind="tcp", port=25, expect="220", timeout=0.35)
    with pytest.raises(CheckFailed, match="the connection stayed silent"):
        asyncio.run(asked(check, silent))


def test_no_way_to_the_port() -> None:
    with pytest.raises(CheckFailed, match="nothing on this host leads to port 80"):
        asyncio.run(Http(name="page", kind="http").ask(Guest()))


def test_ssh(tmp_path: Path) -> None:
    """The key that is asked for must fit, and the command must end well."""
    mine, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    mine.write_private_key(str(tmp_path / "id"))
    other.write_private_key(str(tmp_path / "other"))
    mine.write_public_key(str(tmp_path / "authorized"))

    def serve(process: asyncssh.SSHServerProcess[str]) -> None:
        process.stdout.write(f"ran {process.command}\n")
        process.exit(3 if process.command == "false" else 0)

    async def main() -> None:
        host_key = asyncssh.generate_private_key("ssh-ed25519")
        authorized = str(tmp_path / "authorized")
        listening = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[host_key], authorized_client_keys=authorized, process_factory=serve
        )
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            check = Ssh(name="ssh", kind="ssh", run="uname -n", expect="^ran uname -n$", timeout=20)
            assert await check.ask(Guest(port, key=tmp_path / "id")) == "ssh root@:22 uname -n: ran uname -n"
            hasty = check.model_copy(update={"timeout": 1.0})
            with pytest.raises(CheckFailed, match="PermissionDenied"):
                await hasty.ask(Guest(port, key=tmp_path / "other"))
            with pytest.raises(CheckFailed, match="ended with 3"):
                await hasty.model_copy(update={"run": "false"}).ask(Guest(port, key=tmp_path / "id"))

    asyncio.run(main())


def test_shell() -> None:
    check = InShell(name="sum", kind="shell", run="expr 1 + 1", expect="^2$")
    assert asyncio.run(check.ask(Guest(answer=CommandResult("2\n", 0)))) == "expr 1 + 1: 2"
    for answer, seen in ((CommandResult("3", 0), "expected"), (CommandResult("2", 1), "status 1"), (None, "no answer")):
        with pytest.raises(CheckFailed, match=seen):
            asyncio.run(check.ask(Guest(answer=answer)))


def test_what_a_guest_says_is_shown_inert() -> None:
    assert shown("a\x1b[2Jb\r\n\nc\x07") == "a?[2Jb c?"
    assert len(shown("x" * 5000)) == 400
    assert shown("first last", 4, last=True) == "last"


def test_a_machine_s_own_words_are_no_pattern() -> None:
    check = InShell(name="who", kind="shell", run="x", expect="^{hostname}$").knowing({"hostname": "a.b"})
    assert check.expect == r"^a\.b$"
    plain = InShell(name="who", kind="shell", run="x")
    assert plain.knowing({"hostname": "a"}) is plain


def test_kinds_are_found() -> None:
    assert {kind.__name__ for kind in kinds()} >= {"Ssh", "Http", "Tcp", "InShell"}


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("{name: a, kind: https}", r"cell.yml:2 \(checks\[0\]\): 'https' is not known here; did you mean 'http'"),
        ("{name: a}", "key 'kind' is missing"),
        ("{name: a, kind: http, prot: 80}", "unknown key 'prot'"),
        ("{name: a, kind: http, port: 0}", "cell.yml:2"),
        ("{name: a, kind: tcp, port: 1}", "'expect' is missing"),
        ("{name: a, kind: shell, run: x, expect: '('}", "no regular expression"),
    ],
)
def test_wrong_checks_are_told_with_their_line(line: str, seen: str, tmp_path: Path) -> None:
    (tmp_path / "cell.yml").write_text(f"checks:\n  - {line}\n")
    with pytest.raises(InputError) as refused:
        checks_of(tmp_path / "cell.yml")
    assert re.search(seen, str(refused.value)), str(refused.value)
