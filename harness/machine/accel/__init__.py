"""The accelerator probe: KVM only where a guest has proven it, and a reason for either choice."""

from harness.machine.accel.probe import KVM_DEVICE, Accelerator, probe, probe_async

__all__ = ["KVM_DEVICE", "Accelerator", "probe", "probe_async"]
