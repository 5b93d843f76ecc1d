"""OpenStack's config drive: an ISO labelled `config-2` that tells a cloud image who it is."""

from __future__ import annotations

import json
from pathlib import Path

from harness.image.instance import Identity
from harness.image.nocloud import write_iso
from harness.store import Store

_VERSION = 1
LABEL = "config-2"


def config_drive(who: Identity, store: Store) -> Path:
    """The image, in the store."""
    meta = {
        "uuid": who.instance,
        "hostname": who.hostname,
        "name": who.hostname,
        "public_keys": {"bootmatrix": who.key},
    }
    files = {"openstack/latest/meta_data.json": json.dumps(meta)}

    def make(folder: Path) -> None:
        write_iso(folder / "config-drive.iso", LABEL, {name: text.encode() for name, text in files.items()})

    return store.get("config-drive", {"version": _VERSION, "files": files}, make) / "config-drive.iso"
