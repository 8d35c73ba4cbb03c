"""A small shop whose work runs in the background: the application that tests and the demo run workers on.

Plain Python that every generation of RQ and Celery can import, and Python 3.7 can run. RQ's jobs are the functions of
``payments``, ``mail`` and ``reports``; Celery's tasks stand in ``tasks``, its app in ``celery_app``.
"""
