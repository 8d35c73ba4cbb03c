"""Makes the three pickles of the benchmark; run once with Python 3.11, the files are kept.

    python3 make.py
"""

import datetime
import pickle
import random
from pathlib import Path

HERE = Path(__file__).parent
random.seed(7)


def rows(count):
    for number in range(count):
        yield {
            'id': 100_000 + number * 17,
            'customer': f'customer-{number % 23}@example.org',
            'amount': round(random.uniform(1, 5000), 2),
            'currency': random.choice(['EUR', 'USD', 'GBP']),
            'paid': number % 3 == 0,
            'at': datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=number * 9973),
        }


def write(name, value):
    data = pickle.dumps(value, protocol=5)
    (HERE / name).write_bytes(data)
    print(name, len(data))


# What RQ puts on the queue: function, instance, args, kwargs.
write('rq-tuple.pickle', ('payments.tasks.charge_card', None, (4821, 'EUR'), {'retry': True}))
write('rows-10kb.pickle', list(rows(130)))
write('text-1mb.pickle', ''.join(random.choice('abcdefghijklmnopqrstuvwxyz ,.') for _ in range(1_000_000)))
