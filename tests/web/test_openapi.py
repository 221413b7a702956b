# SPDX-License-Identifier: Apache-2.0
"""The description and the route table say the same, and every call answers as
it is described."""

import json
import re

import pytest

from routes import ROUTES, TOP

DESCRIPTION = json.loads((TOP / "admin-web/openapi.json").read_text())
CALLS = [(path, method) for path, item in DESCRIPTION["paths"].items()
         for method in item if method != "parameters"]


def resolve(schema):
    """Follows $ref, also into properties of a schema."""
    while "$ref" in schema:
        found = DESCRIPTION
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = {**found, **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "null": type(None)}


def check(value, schema, where="body"):
    """The part of JSON Schema that our description uses, and no more."""
    schema = resolve(schema)
    known = {"type", "properties", "required", "additionalProperties", "items",
             "enum", "description", "format", "minLength", "maxLength",
             "writeOnly", "default", "minimum", "maximum"}
    assert set(schema) <= known, set(schema) - known
    if "enum" in schema:
        assert value in schema["enum"], (where, value)
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if kinds:
        assert any(type(value) is TYPES[kind] for kind in kinds), (where, value)
    if isinstance(value, dict):
        assert set(schema.get("required", [])) <= set(value), (where, value)
        if schema.get("additionalProperties") is False:
            assert set(value) <= set(schema["properties"]), (where, value)
        for name, part in schema.get("properties", {}).items():
            if name in value:
                check(value[name], part, f"{where}.{name}")
    if isinstance(value, list):
        for item in value:
            check(item, schema["items"], where + "[]")


def check_answer(path, method, answer):
    """The status is described, and the body is as described for it."""
    responses = DESCRIPTION["paths"][path][method]["responses"]
    assert str(answer.status) in responses, (path, method, answer.text)
    content = resolve(responses[str(answer.status)]).get("content", {})
    if not content:
        assert answer.body == b""
        return
    kind = answer["content-type"]
    assert kind in content, kind
    check(answer.json(), content[kind]["schema"])
    for name in resolve(responses[str(answer.status)]).get("headers", {}):
        assert answer[name]


def test_table_and_description_name_the_same_calls():
    table = {(r.path.removeprefix("/api/v1"), r.method.lower())
             for r in ROUTES if r.kind == "API"}
    assert table == set(CALLS)
    assert DESCRIPTION["servers"] == [{"url": "/api/v1"}]


def parameters(path, method):
    """Those in the query, as the description has them."""
    return [p for p in DESCRIPTION["paths"][path][method].get("parameters", [])
            if p["in"] == "query"]


def test_table_and_description_name_the_same_parameters():
    for route in ROUTES:
        if route.kind == "API":
            named = parameters(route.path.removeprefix("/api/v1"),
                               route.method.lower())
            assert tuple(p["name"] for p in named) == route.query, str(route)
        else:
            assert route.query == (), str(route)


def test_description_is_served_as_it_is(web):
    answer = web.request("GET", "/api/v1/openapi.json")
    assert answer.status == 200 and answer["content-type"] == "application/json"
    assert answer.json() == DESCRIPTION


def test_all_references_lead_somewhere_and_nothing_is_left_over():
    text = json.dumps(DESCRIPTION)
    used = set(re.findall(r'"#/components/(\w+)/(\w+)', text))
    there = {(kind, name) for kind in ("schemas", "responses")
             for name in DESCRIPTION["components"][kind]}
    assert used == there
    names = [call["operationId"] for item in DESCRIPTION["paths"].values()
             for method, call in item.items() if method != "parameters"]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path,method", CALLS)
def test_without_credentials(web, path, method):
    target = "/api/v1" + re.sub(r"\{\w+\}", "x", path)
    answer = web.request(method.upper(), target,
                         body="{}" if method in ("post", "patch") else None)
    if DESCRIPTION["paths"][path][method].get("security") == []:
        assert answer.status == 200
    else:
        assert answer.status == 401
    check_answer(path, method, answer)


@pytest.mark.parametrize("path,method", CALLS)
def test_about_nothing(api, path, method):
    target = re.sub(r"\{\w+\}", "nobody-there", path)
    answer = api.call(method.upper(), target,
                      {} if method in ("post", "patch") else None)
    assert answer.status in (200, 404, 422)
    check_answer(path, method, answer)


@pytest.mark.parametrize("path,method", CALLS)
def test_parameters_that_are_not_described_are_refused(world, api, path, method):
    """Nothing is done, and the answer names them; those described are taken."""
    name = world.name("sala")
    target = re.sub(r"\{\w+\}", "nobody-there", path)
    body = {"name": name, "title": "x"} if method in ("post", "patch") else None
    for query, odd in (("bogus=1", ["bogus"]), ("%62ogus", ["bogus"]),
                       ("Q=x&offset.=1", ["Q", "offset."]),
                       ("x={}&y=1", None), ("limit=1&%C3%B1=", None)):
        answer = api.call(method.upper(), f"{target}?{query}", body)
        assert answer.status == 400
        check_answer(path, method, answer)
        named = [e["field"] for e in answer.json().get("errors", [])]
        assert named == odd or odd is None
    assert api.call("GET", f"/rooms/{name}").status == 404
    for described in parameters(path, method):
        value = 1 if described["schema"]["type"] == "integer" else "x"
        answer = api.call(method.upper(), f"{target}?{described['name']}={value}")
        assert answer.status == 200
    assert api.call(method.upper(), f"{target}?", body).status != 400


def test_every_call_does_what_it_is_for(world, api, login):
    """One story through all calls; what was not called fails the test."""
    uid, name = world.name("api"), world.name("sala")
    person = world.person()
    login(person).come()
    orphan = world.orphan(world.name("ausente"))
    story = [
        ("/openapi.json", "get", {}, None, 200),
        ("/accounts", "post", {}, {"uid": uid, "sn": "x", "mail": "x@y.example"}, 201),
        ("/accounts", "post", {}, {"uid": uid}, 409),
        ("/accounts", "get", {}, None, 200),
        ("/accounts/{uid}", "get", {"uid": uid}, None, 200),
        ("/accounts/{uid}", "patch", {"uid": uid}, {"status": "suspended"}, 200),
        ("/accounts/{uid}", "delete", {"uid": uid}, None, 204),
        ("/orphans", "get", {}, None, 200),
        ("/orphans/{id}", "get", {"id": orphan}, None, 200),
        ("/orphans/{id}", "delete", {"id": orphan}, None, 204),
        ("/rooms", "post", {}, {"name": name, "title": "x"}, 201),
        ("/rooms", "post", {}, {"name": name, "title": "x"}, 409),
        ("/rooms", "get", {}, None, 200),
        ("/rooms/{name}", "get", {"name": name}, None, 200),
        ("/rooms/{name}", "patch", {"name": name}, {"title": "y"}, 200),
        ("/rooms/{name}", "delete", {"name": name}, None, 204),
        ("/sessions", "get", {}, None, 200),
    ]
    for path, method, names, body, status in story:
        answer = api.call(method.upper(), path.format(**names), body)
        assert answer.status == status, (path, method, answer.text)
        check_answer(path, method, answer)
        if path == "/sessions":
            mine = [s for s in answer.json() if s["jid"] == person.jid]
            assert len(mine) == 1 and mine[0]["presence"] == "available"
            assert mine[0]["tls"].startswith("TLSv1.")
            assert mine[0]["address"].startswith("127.0.0.1")
    assert {(path, method) for path, method, *_ in story} == set(CALLS)


def test_limits_in_the_description_are_the_real_ones(api):
    schema = DESCRIPTION["components"]["schemas"]["NewAccount"]["properties"]
    for name, part in schema.items():
        most = part["maxLength"]
        answer = api.call("POST", "/accounts", {
            **({"uid": "x"} if name != "uid" else {}), name: "x" * (most + 1)})
        assert [e["field"] for e in answer.json()["errors"]] == [name]
