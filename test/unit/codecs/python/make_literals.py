"""Stdin: {"seed", "count"}. Stdout: [[text, accepted by ast.literal_eval], …]; a third are damaged on purpose."""

import ast
import json
import random
import sys

request = json.load(sys.stdin)
rng = random.Random(request["seed"])
SPACES = ["", "", "", " ", "  ", "\n", "\t", " # note\n", "\\\n"]


def space():
    return rng.choice(SPACES)


def number():
    kind = rng.randrange(14)
    digits = lambda: rng.choice(["0", "7", "42", "1_000", "123456789012345678901234567890", "9007199254740993", "00", "0_0"])
    if kind < 4:
        return digits()
    if kind == 4:
        return rng.choice(["0xff", "0XFF_00", "0o17", "0b1_01", "0x_f"])
    if kind < 8:
        return rng.choice(["1.5", "1.", ".5", "1e400", "1e-7", "1_0.0_1e1_0", "0.1", "5e-324", "1.7976931348623157e308", "0.0"])
    if kind == 8:
        return rng.choice(["3j", "0J", "1.5j", "1e3j", "0777j"])
    if kind == 9:
        return "-" + space().replace("\n", " ").replace("#", "") + digits()
    if kind == 10:
        return rng.choice(["-", "+"]) + rng.choice(["0.0", "2", "1e5", "3j"])
    if kind == 11:
        return rng.choice(["1", "-1", "2.5", "-0.5"]) + rng.choice(["+", " - "]) + rng.choice(["2j", "1.5J"])
    if kind == 12:
        return str(rng.getrandbits(rng.randrange(1, 300)) * rng.choice([1, -1]))
    return repr(rng.uniform(-1, 1) * 10 ** rng.randrange(-300, 300))


TEXT = ["a", "B", " ", "é", "日", "😀", "\\n", "\\\\", "\\'", '\\"', "\\x41", "\\u20ac", "\\U0001f600", "\\ud800", "\\udc00",
        "\\0", "\\17", "\\377", "\\400", "\\q", "\\a\\b\\f\\v\\t\\r", "\\\n", "{", "#"]
ASCII = [piece for piece in TEXT if piece.isascii()]


def string(binary=False):
    prefix = rng.choice(["b", "B", "br", "Rb"]) if binary else rng.choice(["", "", "", "u", "r", "U", "R"])
    quote = rng.choice(["'", '"', "'''", '"""'])
    body = "".join(rng.choice(ASCII if binary else TEXT) for _ in range(rng.randrange(6)))
    if len(quote) == 3:
        body += rng.choice(["", "\n", " 'x' ", ' "y" '])
    if "r" in prefix.lower():
        body = body.replace("\\'", "'" if quote[0] == '"' else "x").replace('\\"', '"' if quote[0] == "'" else "x")
        if body.endswith("\\"):
            body += "x"
    if body.endswith(quote[0]):
        body += " "
    return prefix + quote + body + quote


def strings():
    binary = rng.random() < 0.3
    return space().replace("\n", " ").replace("#", "").replace("\\", "").join(string(binary) for _ in range(rng.choice([1, 1, 1, 2, 3]))) or "''"


def atom():
    return rng.choice([number, strings, number, strings, lambda: rng.choice(["None", "True", "False", "...", "set()", "()", "[]", "{}"])])()


def hashable(depth):
    if depth > 0 and rng.random() < 0.2:
        return sequence("(", ")", depth - 1, hashable)
    return rng.choice([number, strings])()


def sequence(left, right, depth, item):
    items = [space() + item(depth) + space() for _ in range(rng.randrange(5))]
    tail = "," if items and (rng.random() < 0.3 or (left == "(" and len(items) == 1)) else ""
    return left + ",".join(items) + tail + space() + right


def value(depth):
    kind = rng.randrange(10)
    if depth == 0 or kind < 4:
        return atom()
    if kind < 6:
        return sequence("(", ")", depth - 1, value)
    if kind < 7:
        return sequence("[", "]", depth - 1, value)
    if kind < 8:
        text = sequence("{", "}", depth - 1, hashable)
        return text
    if kind < 9:
        return "{" + ",".join(space() + hashable(depth) + space() + ":" + space() + value(depth - 1) for _ in range(rng.randrange(4))) + "}"
    return "(" + space() + value(depth - 1) + space() + ")"


DAMAGE = list("()[]{},:+-._'\"\\ jexb0") + ["None", "1 2", "a", "f''", "**", "\n", "==", "\\N{DIGIT ONE}", "\x00", "é"]


def damaged(text):
    for _ in range(rng.randrange(1, 3)):
        at = rng.randrange(len(text) + 1)
        choice = rng.randrange(3)
        if choice == 0:
            text = text[:at] + rng.choice(DAMAGE) + text[at:]
        elif choice == 1:
            text = text[:at] + text[at + 1 :]
        else:
            other = rng.randrange(len(text) + 1)
            at, other = min(at, other), max(at, other)
            text = text[:at] + text[other:]
    return text


def accepted(text):
    """As ast.literal_eval; line ends outside of brackets mean nothing, as in a form's field."""
    return evaluates(text) or ("\n" in text and text.strip() != "" and evaluates("(\n" + text + "\n)"))


def evaluates(text):
    try:
        ast.literal_eval(text)
        return True
    except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError):
        return False


out = []
for index in range(request["count"]):
    text = value(rng.randrange(4))
    if index % 3 == 2:
        text = damaged(text)
    out.append([text, accepted(text)])
json.dump(out, sys.stdout)
