"""Secure Boot and TPM: what nobody signed, what was changed afterwards, a TPM that goes away or never was."""

from __future__ import annotations

from harness.words import Outcome
from tests.faults.corpus.fault import Fault
from tests.faults.corpus.ways import boots, secure
from tests.faults.corpus.ways.hands import KERNEL

PC, ARM = "x86_64-baremetal-secureboot", "arm64-cloud-secureboot"
REFUSED = Outcome.FIRMWARE_FAILURE

FAULTS = (
    Fault(
        "unified-kernel-unsigned-x86_64",
        PC,
        (secure.unsigned,),
        REFUSED,
        "secure-boot-refused",
        silence=20,
        sample=True,
    ),
    Fault("unified-kernel-unsigned-arm64", ARM, (secure.unsigned,), REFUSED, "secure-boot-refused", silence=20),
    Fault("unified-kernel-altered-x86_64", PC, (secure.altered,), REFUSED, "secure-boot-refused", silence=20),
    Fault("unified-kernel-altered-arm64", ARM, (secure.altered,), REFUSED, "secure-boot-refused", silence=20),
    Fault("tpm-killed", PC, (secure.tpm_killed(KERNEL),), Outcome.MACHINE_DIED, "tpm-gone", silence=20, sample=True),
    Fault(
        "tpm-driver-forgotten",
        ARM,
        (boots.drivers("nvme", "virtio_pci", "virtio_net"),),
        Outcome.SERVICE_FAILED,
        "tpm-absent",
        silence=40,
    ),
)
