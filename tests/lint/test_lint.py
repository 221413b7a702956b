# SPDX-License-Identifier: Apache-2.0
"""Each check notices the offence it is there for."""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n/* x — a file. */\n"
LONG = "int f(int a)\n{\n" + "\ta++;\n" * 120 + "\treturn a;\n}\n"

# check, path, contents, what the report must say; "" when it must be content
CASES = [
    ("layers", "server/base/x.c", HEAD + '#include "xml/jid.h"\n', "xml/jid.h"),
    ("layers", "server/feat/x.c", HEAD + '#include "net/io.h"\n', "net/io.h"),
    ("layers", "server/core/x.c", HEAD + '#include "xdb_ldap/pool.h"\n',
     "xdb_ldap/pool.h"),
    ("layers", "server/core/x.c", HEAD + '#include "xdb_ldap/xdb.h"\n', ""),
    ("layers", "admin-web/x.c", HEAD + '#include "core/job.h"\n', "core/job.h"),
    ("layers", "admin-web/x.c", HEAD + "#include <ldap.h>\n", "ldap.h"),
    ("layers", "server/ctl/x.c", HEAD + '#include "core/job.h"\n', "core/job.h"),
    ("layers", "server/ctl/x.c", HEAD + '#include "xdb_ldap/dn.h"\n', ""),
    ("layers", "server/net/tls.c", HEAD + "#include <openssl/ssl.h>\n",
     "openssl"),
    ("layers", "server/base/tls.c", HEAD + "#  include <openssl/ssl.h>\n", ""),
    ("layers", "somewhere/x.c", HEAD + '#include "base/str.h"\n', "somewhere"),
    ("banned", "server/x.c", HEAD + "void f(void) { strcpy (a, b); }\n",
     "strcpy"),
    ("banned", "server/x.c", HEAD + "int n = sscanf(s, \"%d\", &i);\n",
     "sscanf"),
    ("banned", "server/x.c", HEAD + "/* strcpy(a, b) */ \"atoi(x)\";\n", ""),
    ("banned", "server/x.c", HEAD + "s->system(1); my_rand(2);\n", ""),
    ("banned", "server/x.c", HEAD + "/* FIX" "ME later */\n", "FIX" "ME"),
    ("sizes", "server/x.c", HEAD + LONG, "x.c:4: f, 123 lines"),
    ("sizes", "server/x.c", HEAD + LONG.replace("++", "--", 1)[:200] + "}\n",
     ""),
    ("sizes", "server/x.c", HEAD + "\n" * 801, "x.c: 803"),
    ("sizes", "tests/x.py", "\n" * 801, "x.py: 801"),
    ("heads", "server/x.c", "/* x — a file. */\n", "x.c"),
    ("heads", "server/x.h", HEAD.split("\n", 1)[0] + "\n\nint x;\n", "x.h"),
    ("heads", "tests/x.py", '"""A file."""\n', "x.py"),
    ("heads", "tests/x", "#!/bin/sh\n# x\n", "tests/x"),
    ("heads", "server/x.c", HEAD, ""),
    ("places", "x.txt", "see /home" "/ann/notes\n", "ann"),
    ("places", "tests/a/package-lock.json",
     '"resolved": "https://mirror.example/x.tgz"', "mirror.example"),
    ("places", "x.txt", "a /work" "ing day, $HOME/work" "/x\n", ""),
]


def check(name, root):
    done = subprocess.run(
        [HERE / name], text=True, capture_output=True, check=False,
        env={**os.environ, "LINT_ROOT": str(root)})
    return done.returncode, done.stdout + done.stderr


def plant(root, path, contents):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(contents, encoding="utf-8")


@pytest.mark.parametrize(
    "name,path,contents,said", CASES,
    ids=[f"{c[0]}-{c[3] or 'fine'}-{i}" for i, c in enumerate(CASES)])
def test_offence_is_noticed(tmp_path, name, path, contents, said):
    plant(tmp_path, path, contents)
    status, out = check(name, tmp_path)
    assert (status != 0) == bool(said), out
    assert said in out


def test_a_granted_function_may_be_long(tmp_path):
    plant(tmp_path, "server/x.c", HEAD + LONG)
    plant(tmp_path, "tests/lint/long-functions",
          "server/x.c f reads like one sentence\n")
    assert check("sizes", tmp_path)[0] == 0


def test_a_file_the_readme_forgot(tmp_path):
    plant(tmp_path, "server/base/str.c", HEAD)
    plant(tmp_path, "server/base/str.h", HEAD)
    plant(tmp_path, "server/base/map.c", HEAD)
    plant(tmp_path, "server/README", "base/str.[ch]  bytes\nbitmap.c  other\n")
    status, out = check("readme", tmp_path)
    assert status != 0 and "map.c" in out and "str" not in out
    plant(tmp_path, "server/README", "base/str.[ch]  bytes\nmap.c  hash\n")
    assert check("readme", tmp_path)[0] == 0


def test_the_runner_counts_a_program_that_dies(tmp_path):
    """A test that ends without its plan is a failure, however well it began."""
    program = tmp_path / "t"
    program.write_text("#!/bin/sh\necho 'ok 1 - begun'\nexit 3\n")
    program.chmod(0o755)
    code = ("import importlib.machinery, sys\n"
            "run = importlib.machinery.SourceFileLoader("
            f"'run', '{HERE.parent / 'run'}').load_module()\n"
            f"print(run.tap(['{program}'])[:3])\n")
    done = subprocess.run(["/usr/bin/python3", "-W", "ignore", "-c", code],
                          text=True, capture_output=True, check=False)
    assert done.stdout.strip() == "(1, 1, 0)", done.stderr
