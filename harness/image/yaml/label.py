"""The label `org.mobyproject.config`: how an image itself wants to be run, as JSON or YAML."""

from __future__ import annotations

from pathlib import Path

from harness.errors import InputError
from harness.image.entries import LABEL, ResolvedImage
from harness.image.yaml.assembly import LINUXKIT, refuse_nothing
from harness.image.yaml.schema import Settings
from harness.plan.validate import validate
from harness.plan.yamlfile import parse


def settings_of(image: ResolvedImage) -> Settings:
    """What the label says; nothing without a label. Raises InputError naming the label and its line."""
    text = image.label
    if not text:
        return Settings()
    document = parse(text.encode(), Path(f"label {LABEL}"), LINUXKIT)
    if not isinstance(document.data, dict):
        raise InputError("expected keys and values (a mapping)", where=document.where())
    refuse_nothing(document)
    return validate(Settings, document.data, document)
