"""Stdout: the same payloads packed by Python's own modules, as base64, and bombs of each kind."""

import base64
import bz2
import gzip
import json
import lzma
import pickle
import sys
import zlib

text = ("héllo wörld " * 1000).encode()
value = pickle.dumps(("tasks.add", None, (1, 2), {"k": b"\x00"}), 5)
packers = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
zeros = bytes(64 * 1024 * 1024)
out = {"text": text, "value": value}
for name, pack in packers.items():
    out[name + "/text"] = pack(text)
    out[name + "/value"] = pack(value)
    out[name + "/empty"] = pack(b"")
    out[name + "/bomb"] = pack(zeros)
out["bzip2/two"] = bz2.compress(b"one ") + bz2.compress(b"two")
out["gzip/two"] = gzip.compress(b"one ") + gzip.compress(b"two")
out["xz/crc32"] = lzma.compress(text, check=lzma.CHECK_CRC32)
out["xz/sha256"] = lzma.compress(text, check=lzma.CHECK_SHA256)
json.dump({name: base64.b64encode(data).decode() for name, data in out.items()}, sys.stdout)
