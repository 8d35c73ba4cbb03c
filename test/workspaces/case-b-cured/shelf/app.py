import os

from celery import Celery

app = Celery("shelf", broker=os.environ["SHELF_BROKER"])


@app.task
def normalize(title):
    return title.strip().title()
