"""Writing a repository: made, added to, signed again in time. Its readers see all of a change or nothing of it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HostError, InputError
from harness.image.oci.layout import OciLayout
from harness.image.oci.media import Descriptor, platform_of
from harness.image.oci.shelf import take
from harness.image.oci.write import write_index
from harness.image.trust.keys import ROLES, Keys
from harness.plan.yamlfile import shown_path
from harness.store import Store, write_atomically
from harness.words import Arch

if TYPE_CHECKING:
    from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

METADATA = "metadata"
# Days for which a signature counts. A reader whose network is held back learns of it when the timestamp's are over.
DAYS: Mapping[str, int] = {"root": 365, "targets": 365, "snapshot": 90, "timestamp": 14}


@dataclass(frozen=True, slots=True)
class Published:
    """An image to publish: by its full name, from a layout."""

    arch: Arch
    name: str
    layout: OciLayout
    head: Descriptor

    @property
    def target(self) -> str:
        """What the signed list calls it."""
        return target_of(self.arch, self.name)


def target_of(arch: Arch, name: str) -> str:
    """The TUF target of an image by its full name."""
    return f"{arch.value}/{name}"


class Repository:
    """A repository on this host's disk. `now` is the time of signing; `days` overrides DAYS."""

    def __init__(
        self, folder: Path, keys: Keys, *, days: Mapping[str, int] | None = None, now: datetime | None = None
    ) -> None:
        self.folder, self.keys = folder, keys
        self._days = {**DAYS, **(days or {})}
        self._now = (now or datetime.now(UTC)).replace(microsecond=0)

    def create(self) -> Path:
        """Make the folder and a key a role; returns the root, which readers must be given by a way they trust."""
        from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

        if self._root_versions():
            raise InputError(f"{shown_path(self.folder)} is a repository already")
        root = Root(consistent_snapshot=True)
        for role in ROLES:
            root.add_key(self.keys.make(role).public_key, role)
        with self._held():
            write_index(self.folder, [])
            self._sign(Metadata(root), "root")
            self._release(Metadata(Targets()), Metadata(Snapshot()), Metadata(Timestamp()))
        return self._path("root", 1)

    def publish(self, images: Sequence[Published], store: Store) -> None:
        """Add images, each instead of what had its name. Raises InputError for a damaged blob; then nothing changes."""
        from tuf.api.metadata import TargetFile

        with self._held():
            targets, snapshot, timestamp = self._next()
            own = OciLayout(self.folder, store, f"the repository {shown_path(self.folder)}")
            for image in images:
                for blob in image.layout.closure(image.head):
                    take(image.layout, blob, own)
                custom = {"custom": {"mediaType": image.head.media}}
                targets.signed.targets[image.target] = TargetFile(
                    image.head.size, {"sha256": image.head.hex}, image.target, custom
                )
            self._list(own, images)
            targets.signed.version += 1
            self._release(targets, snapshot, timestamp)

    def refresh(self) -> list[str]:
        """Sign snapshot and timestamp again, and the targets too where their key is here; returns those signed."""
        with self._held():
            targets, snapshot, timestamp = self._next()
            again = self.keys.has("targets")
            targets.signed.version += again
            self._release(targets, snapshot, timestamp, sign_targets=again)
        return [*(["targets"] if again else []), "snapshot", "timestamp"]

    def rotate(self, role: str) -> Path:
        """Give a role a new key, and sign all it has signed again; returns the new root, which readers of the one
        before fetch and believe by themselves. The old key is kept beside the new one."""
        from tuf.api.metadata import Metadata

        with self._held():
            targets, snapshot, timestamp = self._next()
            root: Metadata[Root] = Metadata.from_bytes(self._path("root", max(self._root_versions())).read_bytes())
            signers = [self.keys.signer("root")]
            made = self.keys.make(role, again=True)
            for key in list(root.signed.roles[role].keyids):
                root.signed.revoke_key(key, role)
            root.signed.add_key(made.public_key, role)
            root.signed.version += 1
            root.signed.expires = self._expiry("root")
            root.signatures.clear()
            for signer in [*signers, *([made] if role == "root" else [])]:
                root.sign(signer, append=True)
            self._write("root", root)
            if role != "root":
                targets.signed.version += role == "targets"
                self._release(targets, snapshot, timestamp, sign_targets=role == "targets")
            return self._path("root", root.signed.version)

    def _list(self, own: OciLayout, images: Sequence[Published]) -> None:
        """The index, so that the folder is a layout to any other tool."""
        new = {
            (image.name, str(platform_of(image.arch))): Descriptor(
                image.head.media, image.head.digest, image.head.size, image.name, platform_of(image.arch)
            )
            for image in images
        }
        kept = {(one.name, str(one.platform)): one for one in own.index()}
        write_index(self.folder, [found for _, found in sorted((kept | new).items())])

    def _next(self) -> tuple[Metadata[Targets], Metadata[Snapshot], Metadata[Timestamp]]:
        """What is published now; the latter two with their next versions, for every change has new ones."""
        from tuf.api.exceptions import RepositoryError
        from tuf.api.metadata import Metadata

        try:
            timestamp: Metadata[Timestamp] = Metadata.from_bytes(self._path("timestamp").read_bytes())
            number = timestamp.signed.snapshot_meta.version
            snapshot: Metadata[Snapshot] = Metadata.from_bytes(self._path("snapshot", number).read_bytes())
            number = snapshot.signed.meta["targets.json"].version
            targets: Metadata[Targets] = Metadata.from_bytes(self._path("targets", number).read_bytes())
        except (OSError, RepositoryError, KeyError) as problem:
            raise InputError(
                f"{shown_path(self.folder)} is no repository, or a damaged one: {str(problem)[:200]}",
                hint="make one with bootmatrix trust init",
            ) from problem
        snapshot.signed.version += 1
        timestamp.signed.version += 1
        return targets, snapshot, timestamp

    def _release(
        self,
        targets: Metadata[Targets],
        snapshot: Metadata[Snapshot],
        timestamp: Metadata[Timestamp],
        *,
        sign_targets: bool = True,
    ) -> None:
        """Write the three; readers see them when the timestamp, the last, takes the place of the one before."""
        from tuf.api.metadata import MetaFile

        signers = {role: self.keys.signer(role) for role in ("snapshot", "timestamp")}  # before anything is written
        if sign_targets:
            self._sign(targets, "targets")
        data = self._path("targets", targets.signed.version).read_bytes()
        snapshot.signed.meta["targets.json"] = _meta(MetaFile, targets.signed.version, data)
        self._sign(snapshot, "snapshot", signers["snapshot"])
        data = self._path("snapshot", snapshot.signed.version).read_bytes()
        timestamp.signed.snapshot_meta = _meta(MetaFile, snapshot.signed.version, data)
        self._sign(timestamp, "timestamp", signers["timestamp"])

    def _sign(self, found: Metadata[Any], role: str, signer: Any = None) -> None:
        found.signed.expires = self._expiry(role)
        found.sign(signer or self.keys.signer(role))
        self._write(role, found)

    def _write(self, role: str, found: Metadata[Any]) -> None:
        path = self._path(role, None if role == "timestamp" else found.signed.version)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, found.to_bytes())

    def _expiry(self, role: str) -> datetime:
        return self._now + timedelta(days=self._days[role])

    def _path(self, role: str, version: int | None = None) -> Path:
        return self.folder / METADATA / (f"{role}.json" if version is None else f"{version}.{role}.json")

    def _root_versions(self) -> list[int]:
        names = [path.name.split(".")[0] for path in (self.folder / METADATA).glob("*.root.json")]
        return [int(name) for name in names if name.isdigit()]

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Alone with the folder; an error of the disk becomes ours."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as problem:
            raise HostError(f"{shown_path(self.folder)} cannot be written: {problem.strerror or problem}") from problem


def _meta(kind: Any, version: int, data: bytes) -> Any:
    return kind(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
