"""Stdin: [[python text, base64 of a pickle], …]. Stdout: those that do not load to the value of their text."""

import base64
import collections
import datetime
import decimal
import fractions
import json
import pathlib
import pickle
import sys
import uuid
import zoneinfo

from equality import same

NAMES = {
    **vars(datetime),
    "datetime": datetime,
    "collections": collections,
    "decimal": decimal,
    "fractions": fractions,
    "uuid": uuid,
    "zoneinfo": zoneinfo,
    "pathlib": pathlib,
    "OrderedDict": collections.OrderedDict,
    "Counter": collections.Counter,
    "deque": collections.deque,
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "ZoneInfo": zoneinfo.ZoneInfo,
    "PurePosixPath": pathlib.PurePosixPath,
}


def evaluate(text):
    try:
        return eval(text.strip(), dict(NAMES))
    except SyntaxError:
        # A line end outside of brackets: white space to the literal parser.
        return eval("(" + text + "\n)", dict(NAMES))


sys.setrecursionlimit(10000)
wrong = []
for text, encoded in json.load(sys.stdin):
    expected = evaluate(text)
    try:
        got = pickle.loads(base64.b64decode(encoded))
    except Exception as error:
        wrong.append([text, repr(expected), "loads: " + repr(error)])
        continue
    if not same(expected, got):
        wrong.append([text, repr(expected), repr(got)])
json.dump(wrong, sys.stdout)
