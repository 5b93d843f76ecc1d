"""`kind: ssh`: log in with the key that was put into the image, and run a command."""

from __future__ import annotations

from typing import Literal

from harness.boot.checks.check import Check, CheckFailed, Guest, TcpPort, Text, reach, until_answered
from harness.plan.target import QemuWord

# In OpenSSH's order. asyncssh prefers RSA, which a dropbear without such a key says it has, and dies.
_HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256")


class Ssh(Check):
    """A login as `user` and a command that must end with status 0."""

    kind: Literal["ssh"]
    port: TcpPort = 22
    user: QemuWord = "root"
    run: Text = "uname -n"

    @property
    def asks_port(self) -> int:
        """The server's."""
        return self.port

    async def ask(self, guest: Guest) -> str:
        """By asyncssh: `ssh` of the host would read its user's settings, and may be missing."""
        import asyncssh

        host, port = await reach(guest, self.port)
        keys = [] if guest.key is None else [str(guest.key)]
        what = f"ssh {self.user}@:{self.port} {self.run}"

        async def attempt() -> str:
            try:
                # Nobody can know the key of a host that makes it at its first boot.
                async with asyncssh.connect(
                    host,
                    port,
                    username=self.user,
                    client_keys=keys,
                    known_hosts=None,
                    server_host_key_algs=_HOST_KEYS,
                    config=None,
                    agent_path=None,
                ) as connection:
                    done = await connection.run(self.run, check=False)
            except asyncssh.Error as problem:
                raise CheckFailed(f"{type(problem).__name__}: {problem}") from None
            if done.exit_status != 0:
                raise CheckFailed(f"ended with {done.exit_status}: {done.stderr!s}")
            return self.judged(str(done.stdout), what)

        return await until_answered(self.timeout, attempt, what)


KIND = Ssh
