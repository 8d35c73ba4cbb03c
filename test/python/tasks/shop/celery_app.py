"""The shop's Celery application: ``celery -A shop.celery_app worker``. Runs on Celery 4.4 and later.

What it is told by its environment:

- ``SHOP_BROKER``, ``SHOP_BACKEND``: URLs; without a backend no result is kept
- ``SHOP_CONF``: JSON with further settings, by Celery's own names in small letters
- ``SHOP_SCHEDULE``: JSON with what beat starts: ``{"name": {"task": ..., "schedule": 30, "args": []}}``; a schedule
  is seconds, or ``{"minute": "0", "hour": "*/4"}`` with the fields of a crontab
"""

import json
import os

from celery import Celery
from celery.schedules import crontab

app = Celery("shop", include=["shop.tasks"])
app.conf.update(
    broker_url=os.environ.get("SHOP_BROKER", "redis://127.0.0.1:6379/0"),
    result_backend=os.environ.get("SHOP_BACKEND") or None,
    # Once is enough: whoever starts a worker whose broker is not there wants to be told.
    broker_connection_retry_on_startup=False,
    worker_hijack_root_logger=True,
)
app.conf.update(json.loads(os.environ.get("SHOP_CONF", "{}")))


def schedule_of(told):
    """A schedule as beat wants it: seconds, or the fields of a crontab."""
    return crontab(**told) if isinstance(told, dict) else told


app.conf.beat_schedule = {
    name: dict(entry, schedule=schedule_of(entry["schedule"]))
    for name, entry in json.loads(os.environ.get("SHOP_SCHEDULE", "{}")).items()
}
