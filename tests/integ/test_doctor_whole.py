# SPDX-License-Identifier: Apache-2.0
"""tertuliactl doctor: no check without a planted fault, none that the pages pass over."""

import ast
import pathlib
import re

import pytest

from doctor import doctor, sample                                # noqa: F401
from test_doctor_directory import RULES
from world import TOP

HERE = pathlib.Path(__file__).parent
VERDICTS = {"FAULT", "WARNING"}


def names_in(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def texts_in(nodes):
    return {node.value for node in nodes if isinstance(node, ast.Constant)}


def planted():
    """Ids that a test expects a verdict of: {id: FAULT}, found[id] == FAULT, or a row
    (..., id, FAULT, ...); the rows of RULES are all faults."""
    found = {check for _, check, _ in RULES.values()}
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                found |= {key.value for key, value in zip(node.keys, node.values)
                          if isinstance(key, ast.Constant)
                          and VERDICTS & names_in(value)}
            elif isinstance(node, ast.Compare) and VERDICTS & names_in(node) \
                    and isinstance(node.left, ast.Subscript):
                found |= texts_in([node.left.slice])
            elif isinstance(node, ast.Tuple) and VERDICTS & {
                    one.id for one in node.elts if isinstance(one, ast.Name)}:
                found |= texts_in(node.elts)
    return found


@pytest.fixture(name="ids")
def all_checks(doctor):                                          # noqa: F811
    ids = [check["id"] for check in doctor.report()["checks"]]
    assert len(ids) == len(set(ids)) > 40
    return ids


def test_each_check_has_a_fault_that_a_test_plants(ids):
    faults = planted()
    missing = [name for name in ids if name not in faults]
    assert missing == [], missing


def test_each_check_is_on_the_pages(ids):
    manual = (TOP / "server/man/tertuliactl.8").read_text(encoding="utf-8")
    manual = re.findall(r"^\.It Cm (.*)$", manual, re.M)
    table = (TOP / "schema/README").read_text(encoding="utf-8")
    table = table.partition("What the doctor looks at\n")[2].partition("\n\n\n")[0]
    rows = re.findall(r"^\| ([a-z, -]+) \|", table, re.M)
    for page in (manual, rows):
        named = [name.strip() for line in page for name in line.split(",")]
        assert [name for name in ids if name not in named] == []
        assert len(named) == len(set(named))
