"""The part of the shop that was never moved to a newer RQ: `feed_legacy.py URL` on RQ 1.16, queue `legacy`."""

import sys
import time

import redis
from rq import Queue


def main(url):
    queue = Queue("legacy", connection=redis.from_url(url))
    number = 1
    while True:
        address = "branch-%d@shop.example" % number if number % 5 else "branch %d" % number
        queue.enqueue("shop.mail.send_receipt", address, 1000 + number)
        number += 1
        time.sleep(8)


if __name__ == "__main__":
    main(sys.argv[1])
