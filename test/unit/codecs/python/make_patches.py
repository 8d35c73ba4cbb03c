"""Stdin: {"seed", "count"}. Stdout: pickles of every protocol, each with a change: where, and to what."""

import base64
import collections
import datetime
import json
import pickle
import random
import sys
import types

request = json.load(sys.stdin)
rng = random.Random(request["seed"])
SHARED_TEXT = ["tasks.add", "name", "k"]


def atom():
    return rng.choice(
        [
            None, True, False, 0, -5, 70000, 2**40, 2**70, 1.5, "", "text", rng.choice(SHARED_TEXT), "é", b"", b"\x00\xff",
            datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), datetime.timedelta(1), "y" * 300,
        ]
    )


def key():
    return rng.choice([rng.choice(SHARED_TEXT), rng.randrange(1000), "key%d" % rng.randrange(1000), 2.5, None, True])


def value(depth, pool):
    kind = rng.randrange(12)
    if pool and kind == 0:
        return rng.choice(pool)
    if depth == 0 or kind < 4:
        return atom()
    if kind < 6:
        made = [value(depth - 1, pool) for _ in range(rng.randrange(5))]
    elif kind < 8:
        made = tuple(value(depth - 1, pool) for _ in range(rng.randrange(6)))
    elif kind < 10:
        made = {key(): value(depth - 1, pool) for _ in range(rng.randrange(5))}
    elif kind == 10:
        made = collections.OrderedDict((key(), value(depth - 1, pool)) for _ in range(1 + rng.randrange(3)))
    else:
        made = types.SimpleNamespace(**{"a%d" % n: value(depth - 1, pool) for n in range(1 + rng.randrange(3))})
    pool.append(made)
    return made


def parts(thing):
    if isinstance(thing, (list, tuple)):
        return [([index], part) for index, part in enumerate(thing)]
    if isinstance(thing, dict):
        return [([step(k)], part) for k, part in thing.items()]
    if isinstance(thing, types.SimpleNamespace):
        return [([{"state": True}, name], part) for name, part in vars(thing).items()]
    return []


def step(k):
    if isinstance(k, str) or (type(k) is int):
        return k
    return {"key": repr(k)}


def uses(root, tuples):
    """How often each tuple is used, by id."""
    counts = collections.Counter()
    seen = set()
    pending = [root]
    while pending:
        thing = pending.pop()
        if isinstance(thing, tuple):
            counts[id(thing)] += 1
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        pending.extend(part for _, part in parts(thing))
    return any(counts[id(t)] > 1 for t in tuples)


out = []
for index in range(request["count"]):
    pool = []
    root = value(4, pool)
    if index % 10 == 0:
        root = {"before": root, "big": "z" * 70000, "list": list(range(3000)), "bytes": b"q" * 70000, "after": value(2, pool)}
    protocol = rng.randrange(6)
    dumps = pickle.dumps if rng.random() < 0.7 else pickle._dumps
    path, tuples, thing = [], [], root
    while rng.random() < 0.85 and parts(thing):
        if isinstance(thing, tuple):
            tuples.append(thing)
        more, thing = rng.choice(parts(thing))
        path += more
    new = rng.choice(["1", "'new'", "[1, (2, {'x': b'y'})]", "None", "{'a': 1}", "'v'", "2.5",
                      "datetime.datetime(2027, 1, 1)", "{1, 2}", "'%s'" % ("n" * 300)])
    kind = "replace"
    name = None
    if isinstance(thing, dict) and rng.random() < 0.5 and (len(thing) > 0 or type(thing) is dict):
        kind, name = "set", rng.choice(["'added'", "'name'", "7", "'k'"])
    out.append(
        {
            "pickle": base64.b64encode(dumps(root, protocol)).decode(),
            "path": path,
            "kind": kind,
            "key": name,
            "value": new,
            "shared": uses(root, tuples),
        }
    )
json.dump(out, sys.stdout)
