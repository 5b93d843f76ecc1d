"""`disk`: firmware starts a raw disk."""

from __future__ import annotations

from harness.doors.disks import disk_door as through

__all__ = ["through"]
