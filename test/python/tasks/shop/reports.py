"""Work that takes a while and tells how far it is."""

import os
import time

try:
    from rq import get_current_job
except ImportError:  # A worker of another framework, which has no RQ beside it.

    def get_current_job():
        """No job of RQ runs here."""
        return None


def build(name, rows, seconds_per_row=0.05):
    """Build a report row by row; ``meta`` of the job tells the progress."""
    job = get_current_job()
    for row in range(rows):
        time.sleep(seconds_per_row)
        if job is not None:
            job.meta["progress"] = {"row": row + 1, "of": rows}
            save_meta(job)
    return {"report": name, "rows": rows}


def save_meta(job):
    """Write the meta of a running job, by the name its generation of RQ has for that."""
    if hasattr(job, "save_meta"):
        job.save_meta()
    else:
        job.save()


def append_line(path, line):
    """Add a line to a file: how a test sees that a job ran, and how often."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, (str(line) + "\n").encode("utf-8"))
    finally:
        os.close(descriptor)
    return line


def append_line_or_fail(path, line, switch):
    """Add a line to a file; fails before it does while the file ``switch`` exists."""
    if os.path.exists(switch):
        raise RuntimeError("%s is in the way" % switch)
    return append_line(path, line)


def wait_for_file(path, seconds=60):
    """Run until a file exists: a job that stays running for as long as a test needs it to."""
    until = time.time() + seconds
    while not os.path.exists(path):
        if time.time() > until:
            raise RuntimeError("%s did not appear within %s s" % (path, seconds))
        time.sleep(0.02)
    return path


def crash():
    """End the process that runs the job, as a kill or a fault in native code would."""
    os._exit(3)


def return_lambda():
    """Answer what no serializer can write."""
    return lambda: None
