# SPDX-License-Identifier: Apache-2.0
"""schema/rights as data, and values for every attribute that a slapd knows."""

import ldap
from ldap.schema import AttributeType, ObjectClass, SubSchema

from directory import TOP

WHO = ("IM", "IM_WEB")
OID = "1.3.6.1.4.1.1466.115.121.1."
# By syntax: a value for the entry, and another one to try with.  What has none here
# slapd does not check, and lets nobody write.
BY_SYNTAX = {
    OID + "6": ("'01'B", "'10'B"), OID + "7": ("TRUE", "FALSE"),
    OID + "8": ("CERT1", "CERT2"), OID + "11": ("ES", "FR"),
    OID + "12": ("DN1", "DN2"), OID + "14": ("any", "telephone"),
    OID + "22": ("+34 1", "+34 2"),
    OID + "24": ("20200101000000Z", "20210101000000Z"), OID + "27": ("1", "2"),
    OID + "34": ("DN1", "DN2"), OID + "36": ("1", "2"),
    OID + "38": ("1.2.3", "1.2.4"), OID + "50": ("+34 1", "+34 2"),
    OID + "52": ("1", "2"), OID + "53": ("2001010000Z", "2101010000Z"),
    "1.3.6.1.1.16.1": ("00000000-0000-4000-8000-000000000001",
                       "00000000-0000-4000-8000-000000000002"),
    "1.3.6.1.1.1.0.0": ("(a,b,c)", "(d,e,f)"),
    "1.3.6.1.1.1.0.1": ("a=b:c", "d=e:f"),
    "1.3.6.1.4.1.4203.666.2.7": ("dn:DN1", "dn:DN2"),
}
TEXTS = {OID + n for n in "4 5 15 26 28 39 40 41 44".split()}


def words():
    for line in (TOP / "schema/rights").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split()


class Rights:
    """What the table grants: of(kind, attribute, value) -> (im, web)."""

    def __init__(self, schema):
        self.schema, self.lines, self.sets = schema, {}, {}
        for kind, what, *rest in words():
            if kind == "set":
                self.sets[what] = rest[0].split(",")
            else:
                self.add(self.lines.setdefault(kind, {}), what, tuple(
                    "" if right == "-" else right for right in rest))

    def names(self, what):
        if what.startswith("@"):
            must, may = self.schema.attribute_types([what[1:]])
            return [x.names[0] for both in (must, may) for x in both.values()
                    if x.names[0] != "objectClass"]
        return [name for word in what.split(",")
                for name in self.sets.get(word, [word])]

    def add(self, kind, what, rights):
        assert len(rights) == len(WHO), what
        for name in self.names(what):
            kind[name] = rights

    def of(self, kind, attribute, value=None):
        """An attribute goes with the one that it is a kind of, as in slapd."""
        lines, name = self.lines[kind], attribute
        if f"{attribute}={value}" in lines:
            return lines[f"{attribute}={value}"]
        while name not in lines:
            sup = self.schema.get_obj(AttributeType, name).sup
            if not sup:
                return lines["*"]
            name = self.schema.get_obj(AttributeType, sup[0]).names[0]
        return lines[name]


def subschema(conn):
    found = conn.search_s("cn=Subschema", ldap.SCOPE_BASE, attrlist=[
        "attributeTypes", "objectClasses", "ldapSyntaxes", "matchingRules"])
    return SubSchema(ldap.cidict.cidict(found[0][1]))


def inherited(schema, at, field):
    while at is not None and not getattr(at, field):
        at = schema.get_obj(AttributeType, at.sup[0]) if at.sup else None
    return getattr(at, field) if at is not None else None


def example(text, examples):
    value = text.encode()
    for name, known in examples.items():
        value = value.replace(name.encode(), known)
    return value


class Attribute:
    """An attribute that can be written, and two values of it."""

    def __init__(self, schema, at, examples):
        syntax = inherited(schema, at, "syntax")
        pair = ("xx", "yy") if syntax in TEXTS else BY_SYNTAX[syntax]
        self.name = at.names[0]
        self.wire = self.name + (";binary" if syntax == OID + "8" else "")
        self.first, self.other = (example(text, examples) for text in pair)


def attributes(schema, examples):
    """All but the server's own, which nobody writes."""
    every = (schema.get_obj(AttributeType, oid)
             for oid in schema.listall(AttributeType))
    return [Attribute(schema, at, examples) for at in every
            if not at.no_user_mod and at.names[0] != "objectClass"
            and (inherited(schema, at, "syntax") in TEXTS
                 or inherited(schema, at, "syntax") in BY_SYNTAX)]


def classes(schema):
    return [schema.get_obj(ObjectClass, oid).names[0]
            for oid in schema.listall(ObjectClass)]
