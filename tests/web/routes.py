# SPDX-License-Identifier: Apache-2.0
"""The route table, read from its source: a new route is tested at once."""

import dataclasses
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r'^\s*\{ "(\w+)",\s*(V1 )?"([^"?]*?)(?:\{\?([\w,]+)\})?",\s*'
                 r'ROLE_(\w+),\s*ROUTE_(\w+),\s*(\w+),\s*"([\w-]+)" \}', re.M)


@dataclasses.dataclass(frozen=True)
class Route:
    method: str
    path: str
    query: tuple
    role: str
    kind: str
    handler: str
    action: str

    @property
    def example(self):
        """The path with something that is not there in its variable parts."""
        return re.sub(r"\{\w+\}", "nobody-there", self.path)

    def __str__(self):
        return f"{self.method} {self.path}"


def read():
    text = (TOP / "admin-web/routes.c").read_text()
    found = [Route(m[1], ("/api/v1" if m[2] else "") + m[3],
                   tuple(m[4].split(",")) if m[4] else (),
                   *m.groups()[4:]) for m in ROW.finditer(text)]
    assert len(found) == text.count("\t{ \""), "a row was not understood"
    return found


ROUTES = read()
PATHS = sorted({route.path for route in ROUTES})
EXAMPLES = sorted({route.example for route in ROUTES})
