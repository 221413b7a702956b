# SPDX-License-Identifier: Apache-2.0
"""What the checks of this folder share: the files to look at, and TAP.

A check is an executable beside this file.  It looks at the tree that
LINT_ROOT names (else this one), calls report() once for each rule with the
places that break it, and exits with done().
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("LINT_ROOT")
                    or pathlib.Path(__file__).resolve().parents[2])
NOT_OURS = ("node_modules/", "build/", "var/")
SCRIPT = (".py", ".sh", ".js", ".mjs", ".css")

rules = failed = 0


def listed():
    """Every file git knows or would add, else what stands in the tree."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        names = done.stdout.decode().split("\0")
    else:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    return sorted(n for n in names if n and not n.startswith(NOT_OURS)
                  and "/node_modules/" not in n and (ROOT / n).is_file())


def text(name):
    """The file as text, or None when it is none."""
    data = (ROOT / name).read_bytes()
    if b"\0" in data[:4096]:
        return None
    return data.decode("utf-8", "replace")


def files(*suffixes):
    """Pairs of name and text; without suffixes every text file."""
    for name in FILES:
        if not suffixes or name.endswith(suffixes):
            body = text(name)
            if body is not None:
                yield name, body


def is_script(name, body):
    return name.endswith(SCRIPT) or body.startswith("#!")


def without_words(body):
    """C source with comments and the insides of strings blanked out."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\""
                  r"|'(?:\\.|[^'\\\n])*'", blank, body, flags=re.S)


def line_of(body, at):
    return body.count("\n", 0, at) + 1


def report(rule, places):
    """One TAP test: ok when no place breaks the rule."""
    global rules, failed
    rules += 1
    places = list(places)
    failed += bool(places)
    print(f"{'not ok' if places else 'ok'} {rules} - {rule}")
    for place in places:
        print(f"#   {place}")


def skip(rule, why):
    global rules
    rules += 1
    print(f"ok {rules} - {rule} # SKIP {why}")


def done():
    print(f"1..{rules}")
    sys.exit(1 if failed else 0)


FILES = listed()
