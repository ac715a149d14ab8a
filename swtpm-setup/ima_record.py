#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Appends a record to a binary IMA list, as a kernel with SHA-1 template digests writes it:
ima_record.py LIST PATH SHA256 [SIGNATURE] (a file measured, with what its attribute has as a
signature), or ima_record.py LIST PATH violation."""
import hashlib
import struct
import sys

path, digest = sys.argv[2].encode() + b"\0", sys.argv[3]
violation = digest == "violation"
field = b"sha256:\0" + (bytes(32) if violation else bytes.fromhex(digest))
data = struct.pack("<I", len(field)) + field + struct.pack("<I", len(path)) + path
template = bytes(20) if violation else hashlib.sha1(data).digest()
name = b"ima-ng"
if len(sys.argv) > 4:
    with open(sys.argv[4], "rb") as signature:
        attribute = signature.read()
    data += struct.pack("<I", len(attribute)) + attribute
    template, name = hashlib.sha1(data).digest(), b"ima-sig"
with open(sys.argv[1], "ab") as out:
    out.write(struct.pack("<I", 10) + template + struct.pack("<I", len(name)) + name)
    out.write(struct.pack("<I", len(data)) + data)
