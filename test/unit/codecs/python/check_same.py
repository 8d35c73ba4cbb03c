"""Stdin: [[base64 of a pickle, base64 of another], …]. Stdout: the numbers of those that do not load to equal values."""

import base64
import json
import pickle
import sys

from equality import same

wrong = []
for index, (before, after) in enumerate(json.load(sys.stdin)):
    expected = pickle.loads(base64.b64decode(before))
    try:
        got = pickle.loads(base64.b64decode(after))
    except Exception as error:
        wrong.append([index, repr(expected)[:200], repr(error)])
        continue
    if not same(expected, got):
        wrong.append([index, repr(expected)[:200], repr(got)[:200]])
json.dump(wrong, sys.stdout)
