# SPDX-License-Identifier: Apache-2.0
"""Lists of the directory, rooms bound to them, and who is subscribed."""

import ldap

from muc import INFO, form_values, info
from world import Broken

AS_OF = "{urn:oid:2.25.255969423091096436495843567251405540014}ldapgroup_as_of"


def dns(people):
    return [p.encode() if isinstance(p, str) else p.dn.encode() for p in people]


def make_list(world, owners=(), members=(), stem="lista", base="ou=lists",
              kind="mailGroup", **more):
    """Adds a list; gives its DN.  Other attributes as text."""
    name = world.name(stem)
    dn = f"cn={name},{base},{world.env['LDAP_BASE']}"
    member = "uniqueMember" if kind == "mailGroup" else "member"
    entry = {"objectClass": [kind.encode()], "cn": [name.encode()],
             "mail": [f"{name}@lists.example.org".encode()],
             "owner": dns(owners), member: dns(members),
             **{key: [v.encode() for v in values]
                for key, values in more.items()}}
    if kind != "mailGroup":
        del entry["mail"]
    world.root.add_s(dn, [(k, v) for k, v in entry.items() if v])
    return dn


def subscribe(world, dn, *people, attribute="uniqueMember"):
    world.root.modify_s(dn, [(ldap.MOD_ADD, attribute, dns(people))])


def unsubscribe(world, dn, *people, attribute="uniqueMember"):
    world.root.modify_s(dn, [(ldap.MOD_DELETE, attribute, dns(people))])


def bound_room(world, dn, *options, **more):
    """A room that follows the list."""
    return world.room(imBoundTo=[dn], imRoomOption=list(options) or
                      ["public=yes"], **more)


def room_facts(client, room):
    """muc#roominfo, as a dictionary."""
    answer = info(client, room)
    if answer.find(f"{{{INFO}}}query") is None:
        raise Broken("no disco#info")
    return form_values(answer)
