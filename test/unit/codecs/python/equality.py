"""Equality as a person means it: type and value, -0.0 apart from 0.0, nan equal to nan, order of dicts."""

import collections
import datetime
import math


def same(a, b, depth=0):
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, (tuple, list, collections.deque)):
        return (
            len(a) == len(b)
            and getattr(a, "maxlen", 0) == getattr(b, "maxlen", 0)
            and all(same(x, y, depth + 1) for x, y in zip(a, b))
        )
    if isinstance(a, (set, frozenset)):
        return len(a) == len(b) and sorted(map(repr, a)) == sorted(map(repr, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(
            same(x, y) and same(a[x], b[y]) for x, y in zip(a, b)
        )
    if isinstance(a, (datetime.datetime, datetime.time)):
        return repr(a) == repr(b) and a.fold == b.fold
    return repr(a) == repr(b)
