"""Stdin: cases of make_patches.py with the patched pickle. Stdout: those whose value is not the old one so changed."""

import base64
import datetime
import json
import pickle
import sys

from equality import same


def changed(thing, path, change):
    if not path:
        return change(thing)
    head, rest = path[0], path[1:]
    if isinstance(head, dict) and "state" in head:
        name, rest = rest[0], rest[1:]
        setattr(thing, name, changed(getattr(thing, name), rest, change))
        return thing
    head = eval(head["key"]) if isinstance(head, dict) else head
    if isinstance(thing, tuple):
        return thing[:head] + (changed(thing[head], rest, change),) + thing[head + 1 :]
    thing[head] = changed(thing[head], rest, change)
    return thing


def change_of(case):
    new = eval(case["value"])

    def change(thing):
        if case["kind"] == "replace":
            return new
        thing[eval(case["key"])] = new
        return thing

    return change


wrong = []
for case in json.load(sys.stdin):
    old = pickle.loads(base64.b64decode(case["pickle"]))
    expected = changed(old, case["path"], change_of(case))
    patched = base64.b64decode(case["patched"])
    try:
        # The C unpickler, and the one in Python, which is strict about frames.
        got = [pickle.loads(patched), pickle._loads(patched)]
    except Exception as error:
        wrong.append([case["path"], case["kind"], repr(error)])
        continue
    if not all(same(expected, g) for g in got):
        wrong.append([case["path"], case["kind"], case["value"], repr(expected)[:300], repr(got[0])[:300]])
json.dump(wrong, sys.stdout)
