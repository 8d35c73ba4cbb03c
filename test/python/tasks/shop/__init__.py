"""A small shop whose work runs in the background: the application that tests and the demo run workers on.

Plain Python that every generation of RQ can import, and Python 3.7 can run.
"""
