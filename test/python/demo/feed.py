"""Gives the demo's workers something to do, until it is ended: `feed.py URL QUEUE…` on the newest RQ.

Prints the id of the one failing job that the demo's check retries, then goes on.
"""

import sys
import time
from datetime import timedelta

import redis
from rq import Queue

CURRENCIES = ["USD", "GBP", "USD", "EUR", "CHF"]


def main(url):
    connection = redis.from_url(url)
    default = Queue("default", connection=connection)
    mail = Queue("mail", connection=connection)
    reports = Queue("reports", connection=connection)

    # By enqueue_call, since enqueue takes a keyword argument `retry` for an option of its own.
    charge = default.enqueue_call("shop.payments.charge_card", args=(4821, "EUR"), kwargs={"retry": True})
    print(charge.id, flush=True)
    default.enqueue("shop.payments.settle", "2026-11-20", depends_on=charge)
    default.enqueue_in(timedelta(minutes=3), "shop.payments.refund", 4790, 1250)
    default.enqueue_in(timedelta(hours=5), "shop.mail.send_newsletter", ["ada@shop.example", "bob@shop.example"])
    mail.enqueue("shop.mail.send_receipt", "no address", 4799)
    for month in ("2026-09", "2026-10"):
        reports.enqueue("shop.reports.build", month, 400)

    order = 4822
    while True:
        default.enqueue("shop.payments.charge_card", order, CURRENCIES[order % len(CURRENCIES)], 900 + order % 700)
        mail.enqueue("shop.mail.send_receipt", "customer-%d@shop.example" % order, order, language="en")
        if order % 4 == 0:
            default.enqueue("shop.reports.build", "orders until %d" % order, 60, 0.05)
        order += 1
        time.sleep(3)


if __name__ == "__main__":
    main(sys.argv[1])
