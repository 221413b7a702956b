# SPDX-License-Identifier: Apache-2.0
"""A client in rooms: entering, and reading what a room says (XEP-0045)."""

from client import NS, condition, show
from rawclient import CLIENT, attributes, escape, local

MUC = "http://jabber.org/protocol/muc"
MUC_USER, MUC_ADMIN, MUC_OWNER = MUC + "#user", MUC + "#admin", MUC + "#owner"
DATA = "jabber:x:data"
ROOMCONFIG = MUC + "#roomconfig"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
SID = "urn:xmpp:sid:0"
DELAY = "urn:xmpp:delay"
NS.update(u=MUC_USER, a=MUC_ADMIN, o=MUC_OWNER, x=DATA, i=INFO, t=ITEMS)


def codes(stanza):
    return [int(s.get("code")) for s in stanza.iterfind("u:x/u:status", NS)]


def item(stanza):
    """The attributes of muc#user's <item/>."""
    return dict(stanza.find("u:x/u:item", NS).attrib)


def subject_of(stanza):
    """The text of a subject change, or None."""
    if stanza.find("c:body", NS) is not None:
        return None
    subject = stanza.find("c:subject", NS)
    return None if subject is None else subject.text or ""


def enter(client, room, nick, inner="", presence=""):
    """Enters; everything that came, up to the subject, or the refusal."""
    client.presence(to=f"{room}/{nick}",
                    inner=f"{presence}<x xmlns='{MUC}'>{inner}</x>")
    found = []
    while True:
        stanza = client.next()
        if stanza.get("from", "").partition("/")[0] != room:
            continue
        found.append(stanza)
        if stanza.get("type") == "error" or subject_of(stanza) is not None:
            return found


def enters_as(client, room, nick="yo"):
    """The affiliation with which it enters, or the refusal."""
    got = enter(client, room, nick)
    if got[0].get("type") == "error":
        return condition(got[0])
    return item([s for s in got if 110 in codes(s)][0])["affiliation"]


def leave(client, room, nick, words=""):
    client.presence("unavailable", f"{room}/{nick}", words)
    return client.receive("presence", from_=f"{room}/{nick}",
                          type="unavailable")


def from_room(stanzas, room):
    return [s for s in stanzas
            if s.get("from", "").partition("/")[0] == room]


def bodies(stanzas):
    return [(s.get("from").partition("/")[2], s.findtext("c:body", "", NS))
            for s in stanzas
            if local(s) == "message" and s.find("c:body", NS) is not None]


# ---- administration ----

def admin(client, room, *items):
    """Each item a dictionary, `reason` its text."""
    inner = ""
    for one in items:
        reason = one.pop("reason", None)
        inner += f"<item{attributes(**one)}>" + (
            f"<reason>{reason}</reason>" if reason else "") + "</item>"
    return client.iq("set", f"<query xmlns='{MUC_ADMIN}'>{inner}</query>", room)


def ask_list(client, room, **wanted):
    return client.iq("get", f"<query xmlns='{MUC_ADMIN}'>"
                     f"<item{attributes(**wanted)}/></query>", room)


def listed(answer):
    assert answer.get("type") == "result", show([answer])
    return [dict(i.attrib) for i in answer.iterfind("a:query/a:item", NS)]


def configure(client, room, **settings):
    """Submits the owner's form; names without their muc#roomconfig_."""
    fields = f"<field var='FORM_TYPE'><value>{ROOMCONFIG}</value></field>"
    for name, value in settings.items():
        fields += (f"<field var='muc#roomconfig_{name}'><value>"
                   f"{escape(str(value))}</value></field>")
    return client.iq("set", f"<query xmlns='{MUC_OWNER}'>"
                     f"<x xmlns='{DATA}' type='submit'>{fields}</x></query>",
                     room)


def form_values(answer):
    assert answer.get("type") == "result", show([answer])
    return {f.get("var"): f.findtext("x:value", None, NS)
            for f in answer.iter(f"{{{DATA}}}field")}


def open_room(client, world, nick="dueña", **settings):
    """A room made by entering it, and set up; empty settings: instant."""
    room = f"{world.name('tertulia')}@{world.muc}"
    first = enter(client, room, nick)
    assert 201 in codes(first[0]), show(first)
    answer = configure(client, room, **settings)
    assert answer.get("type") == "result", show([answer])
    client.sync()
    return room


def entry(world, room):
    """The attributes of a room's entry, or None."""
    found = world.search("ou=rooms," + world.env["IM_BASE"],
                         f"(imRoomName={room.partition('@')[0]})")
    return found[0][1] if found else None


def features(answer):
    assert answer.get("type") == "result", show([answer])
    return {f.get("var") for f in answer.iterfind("i:query/i:feature", NS)}


def info(client, jid, node=None):
    return client.iq("get", f"<query xmlns='{INFO}'{attributes(node=node)}/>",
                     jid)


def body_of(text):
    return f"<body xmlns='{CLIENT}'>{text}</body>"
