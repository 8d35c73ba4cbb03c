"""Times CPython on the pickles given as arguments: nanoseconds for one round, best of many.

Prints JSON: {name: {"c": repr(pickle.loads(b)), "pure": pickle._loads(b)}}.
"""

import json
import pickle
import sys
import time
from pathlib import Path


def best(action, budget=0.25):
    action()
    started = time.perf_counter_ns()
    action()
    once = max(1, time.perf_counter_ns() - started)
    loops = max(1, int(2_000_000 / once))
    fastest = None
    end = time.perf_counter() + budget
    while fastest is None or time.perf_counter() < end:
        started = time.perf_counter_ns()
        for _ in range(loops):
            action()
        spent = (time.perf_counter_ns() - started) / loops
        fastest = spent if fastest is None else min(fastest, spent)
    return fastest


result = {}
for path in sys.argv[1:]:
    data = Path(path).read_bytes()
    result[Path(path).name] = {
        'c': best(lambda: repr(pickle.loads(data))),
        'pure': best(lambda: pickle._loads(data)),
    }
print(json.dumps(result))
