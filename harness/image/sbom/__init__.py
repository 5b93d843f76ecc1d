"""Software bills of materials: what an image is made of, as SPDX 2.3 in JSON, the same bytes for the same image."""
