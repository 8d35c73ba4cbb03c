"""Raises exceptions of every shape and prints, as JSON, what traceback.format_exc() says and what it was made of."""

import json
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor


def chained():
    try:
        {}["a"]
    except KeyError as error:
        raise ValueError("bad\nline two") from error


def context():
    try:
        1 / 0
    except ZeroDivisionError:
        raise RuntimeError


def three():
    try:
        chained()
    except ValueError:
        raise LookupError("third: with a colon")


def notes():
    error = KeyError("k")
    error.add_note("n1")
    error.add_note("n2\nn2b")
    raise error


def syntax():
    eval("1 +* 2")


def recursion():
    def again():
        again()

    again()


def misleading():
    raise ValueError('ünïcode: x\n  File "fake", line 3, in f\nTraceback (most recent call last):\nOther: y')


def local_class():
    class Strange(Exception):
        pass

    raise Strange("q: r")


def group():
    members = []
    for number in range(2):
        try:
            raise ValueError(number)
        except ValueError as error:
            members.append(error)

    def inner():
        try:
            {}["deep"]
        except KeyError as error:
            raise ExceptionGroup("inner", [TypeError("x\ny"), OSError(2, "No such file")]) from error

    try:
        inner()
    except* TypeError as error:
        members.append(error)
    except* OSError as error:
        members.append(error)
    try:
        {}["k"]
    except KeyError:
        outer = ExceptionGroup("outer", members)
        outer.add_note("a note")
        raise outer


def after_group():
    try:
        group()
    except ExceptionGroup as error:
        raise RuntimeError("after") from error


def many():
    raise ExceptionGroup("many", [ValueError(number) for number in range(20)])


def multi_line_call():
    def failing(*_):
        raise ValueError("inside")

    failing(
        1,
        2,
    )


def boom():
    raise ValueError("remote boom")


def pool():
    with ProcessPoolExecutor(1) as executor:
        executor.submit(boom).result()


def describe(error):
    parts = traceback.TracebackException.from_exception(error)
    chain = []
    while parts is not None:
        chain.append(
            {
                "type": parts.exc_type.__qualname__,
                "text": str(parts),
                "notes": list(parts.__notes__ or []),
                "frames": [[f.filename, f.lineno, f.name, f.line] for f in parts.stack],
                "group": len(parts.exceptions or []),
            }
        )
        parts = parts.__cause__ or (None if parts.__suppress_context__ else parts.__context__)
    return chain


def main():
    out = {}
    cases = [chained, context, three, notes, syntax, recursion, misleading, local_class, multi_line_call, pool]
    cases += [group, after_group, many] if sys.version_info >= (3, 11) else []
    for case in cases:
        try:
            case()
        except BaseException as error:
            out[case.__name__] = {"text": traceback.format_exc(), "chain": describe(error)}
    json.dump(out, sys.stdout)


if __name__ == "__main__":
    main()
