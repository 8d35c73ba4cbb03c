"""The shop's work as Celery tasks: ``shop.tasks.charge_card`` and so on."""

import time

from celery.exceptions import Ignore, Reject

from . import mail, payments, reports
from .celery_app import app
from .errors import CardDeclined, StripeTimeout


@app.task
def charge_card(order_id, currency, amount=1999, always_down=False):
    """Charge the card of an order; fails with StripeTimeout while the provider is down, whenever ``always_down``."""
    return payments.charge_card(order_id, currency, amount, always_down=always_down)


@app.task
def refund(order_id, amount):
    """Give the money back."""
    return payments.refund(order_id, amount)


@app.task
def settle(receipts, day="today"):
    """Sum up a day's receipts: the body of a chord."""
    return {"day": day, "receipts": len(receipts)}


@app.task
def decline(order_id, reason="insufficient funds"):
    """Fail with an exception whose constructor wants two arguments."""
    raise CardDeclined(order_id, reason)


@app.task(bind=True, max_retries=3)
def send_receipt(self, address, order_id, countdown=3600):
    """Send a receipt; what cannot be sent is tried again after ``countdown`` seconds, at most three times."""
    try:
        return mail.send_receipt(address, order_id)
    except ValueError as error:
        raise self.retry(exc=error, countdown=countdown)


@app.task
def add(first, second):
    """The sum of two."""
    return first + second


@app.task
def add_all(numbers):
    """The sum of many: the body of a chord of ``add``."""
    return sum(numbers)


@app.task
def echo(*args, **kwargs):
    """Answer what was given, whatever it is and however large."""
    return [list(args), kwargs]


@app.task(bind=True)
def build_report(self, name, rows, seconds_per_row=0.05, until=None):
    """Build a report row by row, telling how far it is; then waits for the file ``until`` if there is one."""
    for row in range(rows):
        time.sleep(seconds_per_row)
        self.update_state(state="PROGRESS", meta={"row": row + 1, "of": rows})
    if until:
        reports.wait_for_file(until)
    return {"report": name, "rows": rows}


@app.task
def append_line(path, line):
    """Add a line to a file: how a test sees that a task ran, and how often."""
    return reports.append_line(path, line)


@app.task(bind=True)
def append_id(self, path):
    """Add this task's own id to a file."""
    return reports.append_line(path, self.request.id)


@app.task
def append_line_or_fail(path, line, switch):
    """Add a line to a file; fails before it does while the file ``switch`` exists."""
    return reports.append_line_or_fail(path, line, switch)


@app.task
def wait_for_file(path, seconds=60):
    """Run until a file exists."""
    return reports.wait_for_file(path, seconds)


@app.task(acks_late=True)
def wait_late(path, line_file=None, line="late"):
    """Run until a file exists, acknowledged only at the end; then adds a line to ``line_file`` if there is one."""
    reports.wait_for_file(path)
    return reports.append_line(line_file, line) if line_file else path


@app.task(rate_limit="1000/m")
def limited(order_id):
    """A task with a rate limit of its own."""
    return order_id


@app.task(soft_time_limit=30, time_limit=60)
def bounded(order_id):
    """A task with time limits of its own."""
    return order_id


@app.task(ignore_result=True)
def forget(order_id):
    """A task whose result nobody wants."""
    return order_id


@app.task(track_started=True)
def tracked(path):
    """Run until a file exists, and say STARTED meanwhile."""
    return reports.wait_for_file(path)


@app.task(bind=True)
def ignored(self, state=None):
    """End without a result (Celery itself stores none for Ignore), or with a ``state`` stored by hand."""
    if state:
        self.update_state(state=state)
    raise Ignore()


@app.task(acks_late=True)
def rejected():
    """Turn the message away for good; Celery stores no result of that."""
    raise Reject("not for us", requeue=False)


@app.task
def crash():
    """End the process that runs the task."""
    reports.crash()


@app.task
def return_lambda():
    """Answer what no serializer can write."""
    return reports.return_lambda()


@app.task
def fail_deep(depth=5):
    """Fail below some frames of its own."""
    if depth > 0:
        return fail_deep(depth - 1)
    raise StripeTimeout("no answer after 30 s, and that from far below")
