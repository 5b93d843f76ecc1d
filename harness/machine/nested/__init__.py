"""A machine inside a machine: KVM for those who need it, on hosts that have none."""
