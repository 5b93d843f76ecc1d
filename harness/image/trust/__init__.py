"""Images that are signed: repositories of The Update Framework (TUF 1.0), written and read by python-tuf.

A repository is a folder that any web server can serve:

    blobs/sha256/<hex>, index.json, oci-layout    an OCI image layout with all images
    metadata/N.root.json, N.targets.json, N.snapshot.json, timestamp.json

A target is called ARCH/NAME (`arm64/docker.io/library/sshd`). Its length and hash are those of the image's manifest,
and that names every blob by its digest: who signs the targets signs all bytes of all images, as Notary has it.
"""
