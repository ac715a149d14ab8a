#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A machine that has run many programs: ima_many.py FIRST N LIST SUMS appends the records of N files
to a binary IMA list, as ima_record.py would one by one, and their digests and paths to SUMS."""
import hashlib
import struct
import sys

first, n = int(sys.argv[1]), int(sys.argv[2])
with open(sys.argv[3], "ab") as out, open(sys.argv[4], "a", encoding="ascii") as sums:
    for i in range(first, first + n):
        path = f"/usr/lib/x86_64-linux-gnu/part-{i // 500}/libsome-{i}.so.1.2.3"
        digest = hashlib.sha256(path.encode()).digest()
        field = b"sha256:\0" + digest
        name = path.encode() + b"\0"
        data = struct.pack("<I", len(field)) + field + struct.pack("<I", len(name)) + name
        out.write(struct.pack("<I", 10) + hashlib.sha1(data).digest() + struct.pack("<I", 6) + b"ima-ng")
        out.write(struct.pack("<I", len(data)) + data)
        sums.write(f"{digest.hex()}  {path}\n")
