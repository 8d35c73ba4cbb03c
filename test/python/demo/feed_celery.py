"""Gives the demo's Celery workers something to do, until it is ended: ``feed_celery.py``; the app reads its environment.

Prints the id of the one failing task that the demo's check retries, then goes on.
"""

import sys
import time
from datetime import datetime, timedelta, timezone

from celery import chain, chord
from shop import tasks

CURRENCIES = ["USD", "GBP", "USD", "EUR", "CHF"]


def main():
    charge = tasks.charge_card.delay(5311, "EUR")
    print(charge.id, flush=True)
    tasks.decline.delay(5312, "insufficient funds")
    tasks.fail_deep.delay(3)
    # Due this evening: a worker holds it until then, and says so when it is asked.
    tasks.send_receipt.apply_async(["ada@shop.example", 5290], eta=datetime.now(timezone.utc) + timedelta(hours=6))
    # Sent to a queue that no worker serves.
    for month in ("2026-09", "2026-10", "2026-11"):
        tasks.build_report.apply_async([month, 400], queue="reports")
    # Tried again three minutes later, and once more after that.
    tasks.send_receipt.delay("no address", 5299, countdown=180)
    chord([tasks.charge_card.s(order, "USD") for order in (5301, 5302, 5303)])(tasks.settle.s("2026-11-20"))
    chain(tasks.add.s(20, 22), tasks.add.s(8), tasks.echo.s(unit="EUR")).apply_async()

    order = 5313
    while True:
        tasks.charge_card.delay(order, CURRENCIES[order % len(CURRENCIES)], 900 + order % 700)
        tasks.send_receipt.apply_async(["customer-%d@shop.example" % order, order], queue="mail")
        if order % 4 == 0:
            tasks.build_report.delay("orders until %d" % order, 80, 0.1)
        order += 1
        time.sleep(3)


if __name__ == "__main__":
    sys.exit(main())
