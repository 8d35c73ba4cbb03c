"""Stdin: [[expression over v, base64 of a pickle], …]. Stdout: those that are not true of the loaded value."""

import base64
import json
import pickle
import sys

sys.setrecursionlimit(10000)
wrong = []
for expression, encoded in json.load(sys.stdin):
    try:
        v = pickle.loads(base64.b64decode(encoded))
        holds = eval(expression, {"v": v})
    except Exception as error:
        holds = repr(error)
    if holds is not True:
        wrong.append([expression, repr(holds)])
json.dump(wrong, sys.stdout)
