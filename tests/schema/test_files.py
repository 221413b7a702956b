# SPDX-License-Identifier: Apache-2.0
"""The files of schema/ agree with each other, and slapd reads them alike."""

import re
import subprocess

import ldap
import ldif
import pytest
from ldap.schema import AttributeType, ObjectClass, SubSchema

from directory import TOP

SCHEMA = TOP / "schema"
FILES = ("rfc8284", "mailgroup", "tertulia")
ARC = "2.25.255969423091096436495843567251405540014"


def run(*command, **more):
    return subprocess.run(command, text=True, capture_output=True,
                          check=False, **more)


def test_ldif_forms_are_made_from_the_schema_files():
    done = run(SCHEMA / "mkldif", "--check",
               *(SCHEMA / f"{name}.schema" for name in FILES))
    assert (done.returncode, done.stdout) == (0, "")


def test_a_changed_ldif_form_is_noticed(tmp_path):
    for suffix in ("schema", "ldif"):
        text = (SCHEMA / f"rfc8284.{suffix}").read_text()
        (tmp_path / f"x.{suffix}").write_text(text)
    assert run(SCHEMA / "mkldif", "--check", tmp_path / "x.schema").returncode


def converted(tmp_path):
    """What slapd itself makes of the .schema files: olc* -> values."""
    conf, out = tmp_path / "slapd.conf", tmp_path / "out"
    out.mkdir()
    conf.write_text("".join(
        f"include /etc/ldap/schema/{name}.schema\n"
        for name in ("core", "cosine", "inetorgperson", "dyngroup"))
        + "".join(f"include {SCHEMA}/{name}.schema\n" for name in FILES))
    done = run("/usr/sbin/slaptest", "-f", conf, "-F", out)
    assert done.returncode == 0, done.stderr
    return {name: values(next(out.glob(f"cn=config/cn=schema/cn=*{name}.ldif")))
            for name in FILES}


def values(path):
    """olc* attributes of the one entry in an LDIF file, numbers taken off."""
    with open(path, "rb") as file:
        reader = ldif.LDIFRecordList(file)
        reader.parse()
    (_, entry), = reader.all_records
    return {name: [re.sub(rb"^\{\d+\}", b"", value) for value in found]
            for name, found in entry.items() if name.startswith("olc")}


def test_slapd_reads_the_same_from_both_forms(tmp_path):
    for name, found in converted(tmp_path).items():
        want = values(SCHEMA / f"{name}.ldif")
        assert {k: [b" ".join(v.split()) for v in vs]
                for k, vs in found.items()} == want


def subschema(directory):
    found = directory.root().search_s(
        "cn=Subschema", ldap.SCOPE_BASE,
        attrlist=["attributeTypes", "objectClasses"])
    return SubSchema(ldap.cidict.cidict(found[0][1]))


def ours(schema, kind):
    found = [schema.get_obj(kind, oid) for oid in schema.listall(kind)]
    return {x.names[0]: x for x in found if x.oid.startswith(ARC + ".")}


def test_numbers_stand_on_the_arc_and_none_twice(directory):
    schema = subschema(directory)
    for kind, branch in ((AttributeType, 1), (ObjectClass, 2)):
        oids = [x.oid for x in ours(schema, kind).values()]
        assert oids and len(oids) == len(set(oids))
        assert all(oid.startswith(f"{ARC}.{branch}.") for oid in oids)


def test_every_attribute_belongs_to_a_class_and_to_the_readme(directory):
    schema = subschema(directory)
    readme = (SCHEMA / "README").read_text()
    allowed = set()
    for cls in ours(schema, ObjectClass).values():
        allowed |= set(cls.must) | set(cls.may)
    for name in ours(schema, AttributeType):
        assert name in allowed
        assert re.search(rf"^\| {name} ", readme, re.M), name


def test_profile_and_inline_form_carry_the_same(directory):
    classes = ours(subschema(directory), ObjectClass)
    profile = set(classes["imProfile"].must) | set(classes["imProfile"].may)
    inline = set(classes["imUser"].may)
    assert profile - inline == {"imPerson", "imPersonUUID", "description"}
    assert inline <= profile


def test_the_readme_names_the_files_that_use_an_attribute():
    rows = re.findall(r"^\| (jid|im\w+) \| [^|]+ \| [^|]+ \| ([^|]+) \| [^|]+ \|$",
                      (SCHEMA / "README").read_text(), re.M)
    spelled = dict(re.findall(r'\[(ATTR_\w+)\]\s*= \{ "((?:im|jid)\w*)"',
                              (TOP / "xdb_ldap/map.c").read_text()))
    assert {name for name, _ in rows} >= set(spelled.values())
    files = dict(rows)
    for symbol, name in spelled.items():
        for file in files[name].split(", "):
            assert symbol in (TOP / "xdb_ldap" / file).read_text(), name
    for name in set(files) - set(spelled.values()):
        assert files[name] == "-", name


# ---- the sample university ----

def people():
    with open(SCHEMA / "sample/people.ldif", "rb") as file:
        reader = ldif.LDIFRecordList(file)
        reader.parse()
    return reader.all_records


def test_the_sample_is_what_its_script_makes():
    done = run(SCHEMA / "sample/mksample", "--check")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_sample_has_what_a_university_has():
    found = [entry for _, entry in people()]
    assert len(found) >= 60
    assert len({e["departmentNumber"][0] for e in found}) == 4
    assert sum("jpegPhoto" in e for e in found) >= 8
    for mark in ("pwdAccountLockedTime", "shadowExpire", "pwdEndTime",
                 "pwdReset"):
        assert any(mark in e for e in found), mark
    assert any("mail" not in e for e in found)
    assert any("userPassword" not in e for e in found)
    assert sum(not e["cn"][0].isascii() for e in found) > 30
    dns = [dn for dn, _ in people()]
    for sign in (r"\,", r"\+", r"\"", "+uid="):
        assert any(sign in dn for dn in dns), sign


@pytest.mark.parametrize("uid", ["lucia", "andres"])
def test_the_two_of_the_welcome_have_mail_and_photo(uid):
    entry, = [e for _, e in people() if e["uid"] == [uid.encode()]]
    assert entry["mail"] and entry["jpegPhoto"][0].startswith(b"\xff\xd8\xff\xe0")


def test_every_password_is_the_one_in_the_readme(directory):
    for dn, entry in people():
        if "userPassword" not in entry or {
                "pwdAccountLockedTime", "pwdEndTime"} & set(entry):
            continue
        uid = entry["uid"][0].decode()
        directory.connect(dn, f"tertulia-{uid}")


def test_groups_and_lists_come_in_the_forms_of_real_directories(directory):
    root, base = directory.root(), directory.env["LDAP_BASE"]
    found = {}
    for branch in ("groups", "lists"):
        for dn, entry in root.search_s(f"ou={branch},{base}",
                                       ldap.SCOPE_ONELEVEL):
            found.setdefault(entry["objectClass"][0].decode(), []).append(
                (dn, entry))
    assert {"groupOfNames", "groupOfUniqueNames", "groupOfURLs", "posixGroup",
            "mailGroup", "nisMailAlias"} <= set(found)
    assert sum(map(len, found.values())) >= 20
    every = [entry for group in found.values() for _, entry in group]
    for name in ("owner", "member", "uniqueMember"):
        for entry in every:
            for dn in entry.get(name, []):
                assert root.search_s(dn.decode(), ldap.SCOPE_BASE), dn
    groups = {dn for dn, _ in found["groupOfNames"]}
    assert any(member.decode() in groups
               for _, entry in found["groupOfNames"]
               for member in entry["member"]), "nested"


def test_pictures_are_small_and_end_as_they_should():
    for _, entry in people():
        for picture in entry.get("jpegPhoto", []):
            assert len(picture) < 8192 and picture.endswith(b"\xff\xd9")
