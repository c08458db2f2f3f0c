"""Records the bytecode of two lists of functions, as the Python that runs this makes it.

    for v in 2.7 3.6 3.7 3.8 3.9 3.10 3.11 3.12 3.13; do python$v tests/lambdas/record.py; done

Writes `bytecode/<version>.json` of `expressions.txt`, `refused/<version>.json` of `refused.txt`:
the number of a line -> base64 of its code object. It runs on every Python from 2.7 on, and needs
nothing. What a version cannot compile it leaves out.
"""

import base64
import json
import marshal
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def recorded(line):
    """Return the code object of a line's function as text, or None where it is no Python."""
    try:
        made = compile(line, "<lambda>", "eval")
    except SyntaxError:
        return None
    (code,) = [part for part in made.co_consts if hasattr(part, "co_code")]
    return base64.b64encode(marshal.dumps(code)).decode("ascii")


def record(source, target):
    """Write the file of this version for one list of lines."""
    with open(os.path.join(HERE, source)) as file:
        lines = file.read().splitlines()
    found = {str(place): recorded(line) for place, line in enumerate(lines)}
    kept = [(place, found[str(place)]) for place in range(len(lines)) if found[str(place)]]
    text = ",\n".join('"{}": "{}"'.format(*item) for item in kept)
    folder = os.path.join(HERE, target)
    if not os.path.isdir(folder):
        os.mkdir(folder)
    with open(os.path.join(folder, "{}.{}.json".format(*sys.version_info[:2])), "w") as file:
        file.write("{\n" + text + "\n}\n")
    json.loads("{" + text + "}")


if __name__ == "__main__":
    record("expressions.txt", "bytecode")
    record("refused.txt", "refused")
