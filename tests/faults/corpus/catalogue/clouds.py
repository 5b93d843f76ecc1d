"""A metadata service that is not there, and one that answers anything but what it was asked."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import Fault
from tests.faults.corpus.ways.media import metadata_by

GCE = "x86_64-cloud-gce"
FAILED = Outcome.SERVICE_FAILED

FAULTS = (
    Fault("metadata-absent", GCE, (metadata_by(),), FAILED, "service-died", silence=40),
    Fault("metadata-endless", GCE, (metadata_by("yes"),), FAILED, "service-died", silence=40),
)
