"""Pickles of values from large libraries, recorded so that the tests need none of them.

    python3.11 -m venv venv && venv/bin/pip install numpy pandas pydantic pytz python-dateutil
    venv/bin/python record.py
    venv/bin/pip install python-dateutil==2.9.0.post0 && venv/bin/python record.py

Writes recorded.json beside this file: per value its library with version, its repr and its pickles (base64) with the
protocols they stand for. Values of versions recorded before are kept: to record another version, install it and run
this again.
"""

import base64
import collections
import datetime
import importlib.metadata
import json
import pathlib
import pickle
import platform

import dateutil.tz
import numpy
import pandas
import pydantic
import pytz


class Order(pydantic.BaseModel):
    id: int
    lines: list[str]


# The application's class, under the application's name.
Order.__module__ = 'shop.models'
Order.__qualname__ = 'Order'


class Importable:
    """Lets pickle find `shop.models`."""

    def __init__(self):
        import sys
        import types

        shop = types.ModuleType('shop')
        models = types.ModuleType('shop.models')
        models.Order = Order
        sys.modules['shop'] = shop
        sys.modules['shop.models'] = models
        shop.models = models


Importable()
WHEN = datetime.datetime(2026, 7, 1, 12, 30)
BERLIN = pytz.timezone('Europe/Berlin')
VALUES = [
    ('numpy', 'int64', numpy.int64(7)),
    ('numpy', 'float64', numpy.float64(1.5)),
    ('numpy', 'bool', numpy.bool_(True)),
    ('numpy', 'array of ints', numpy.array([1, 2, 3])),
    ('numpy', 'array of floats', numpy.array([[1.5, 2.5], [3.5, float('nan')]])),
    ('numpy', 'array of texts', numpy.array(['a', 'bc'])),
    ('numpy', 'dtype', numpy.dtype('float32')),
    ('numpy', 'datetime64', numpy.datetime64('2026-01-02T03:04:05')),
    ('pandas', 'Timestamp', pandas.Timestamp('2026-01-02 03:04:05')),
    ('pandas', 'Timestamp with zone', pandas.Timestamp('2026-01-02 03:04:05', tz='Europe/Berlin')),
    ('pandas', 'Timedelta', pandas.Timedelta(days=1, hours=2)),
    ('pandas', 'NaT', pandas.NaT),
    ('pandas', 'Series', pandas.Series([1, 2], name='n')),
    ('pandas', 'DataFrame', pandas.DataFrame({'a': [1, 2], 'b': ['x', 'y']})),
    ('pydantic', 'model', Order(id=7, lines=['a'])),
    ('pytz', 'utc', pytz.utc),
    ('pytz', 'zone', BERLIN),
    ('pytz', 'zone in summer', BERLIN.localize(WHEN).tzinfo),
    ('pytz', 'zone west of UTC', pytz.timezone('America/New_York').localize(WHEN).tzinfo),
    ('pytz', 'zone that never changed', pytz.timezone('Etc/GMT+5')),
    ('pytz', 'fixed offset', pytz.FixedOffset(90)),
    ('pytz', 'localized datetime', BERLIN.localize(WHEN)),
    ('pytz', 'datetime in UTC', datetime.datetime(2026, 1, 2, tzinfo=pytz.utc)),
    ('python-dateutil', 'tzutc', dateutil.tz.tzutc()),
    ('python-dateutil', 'tzoffset', dateutil.tz.tzoffset('EST', -18000)),
    ('python-dateutil', 'tzoffset without name', dateutil.tz.tzoffset(None, 3600)),
    ('python-dateutil', 'tzlocal', dateutil.tz.tzlocal()),
    ('python-dateutil', 'tzfile', dateutil.tz.tzfile('/usr/share/zoneinfo/Etc/UTC')),
    ('python-dateutil', 'tzstr', dateutil.tz.tzstr('EST5EDT')),
    ('python-dateutil', 'datetime', datetime.datetime(2026, 1, 2, tzinfo=dateutil.tz.tzutc())),
]

target = pathlib.Path(__file__).with_name('recorded.json')
recorded = json.loads(target.read_text())['values'] if target.exists() else []
known = {(entry['library'], entry['name']) for entry in recorded}
for library, name, value in VALUES:
    if (f'{library} {importlib.metadata.version(library)}', name) in known:
        continue
    by_text = collections.defaultdict(list)
    # Large values by two protocols, one of each kind.
    for protocol in (2, 5) if library == 'pandas' else range(6):
        try:
            data = base64.b64encode(pickle.dumps(value, protocol)).decode()
        except TypeError:
            continue  # slots, which protocols 0 and 1 refuse
        by_text[data].append(protocol)
    recorded.append(
        {
            'library': f'{library} {importlib.metadata.version(library)}',
            'name': name,
            'repr': repr(value),
            'pickles': [{'protocols': protocols, 'base64': data} for data, protocols in by_text.items()],
        }
    )

target.write_text(json.dumps({'python': platform.python_version(), 'values': recorded}, indent=1) + '\n')
print(len(recorded), target.stat().st_size)
