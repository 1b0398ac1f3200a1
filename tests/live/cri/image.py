#!/usr/bin/env python3
"""image.py LAYER.tar OUT.tar: an OCI image layout with one layer under two names, for
`ctr images import`: docker.io/library/live:1, and pause:3.6, which sleeps."""
import hashlib
import io
import json
import sys
import tarfile

REFS = {
    "docker.io/library/live:1": ["/bin/sh"],
    "docker.io/library/pause:3.6": ["/bin/busybox", "sleep", "1000000"],
}
OCI = "application/vnd.oci.image."


def main():
    with open(sys.argv[1], "rb") as file:
        layer = file.read()
    blobs = {}

    def descriptor(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        blobs["blobs/sha256/" + digest] = data
        return {"mediaType": OCI + kind, "digest": "sha256:" + digest, "size": len(data)}

    def document(value):
        return json.dumps(value).encode()

    manifests = []
    for ref, entry in REFS.items():
        layers = [descriptor("layer.v1.tar", layer)]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": entry, "Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [layers[0]["digest"]]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI + "manifest.v1+json",
            "config": descriptor("config.v1+json", document(config)),
            "layers": layers,
        }
        entry = descriptor("manifest.v1+json", document(manifest))
        entry["annotations"] = {"io.containerd.image.name": ref}
        manifests.append(entry)
    blobs["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
    blobs["index.json"] = document({"schemaVersion": 2, "manifests": manifests})
    with tarfile.open(sys.argv[2], "w") as tar:
        for name, data in blobs.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


main()
