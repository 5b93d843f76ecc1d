"""The repository of the tests of trust."""

from __future__ import annotations

from tests.unit.image.trust.conftest import bench

__all__ = ["bench"]
