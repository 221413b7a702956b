# SPDX-License-Identifier: Apache-2.0
"""slixmpp users: the first conversation, and what it leaves in the directory.

"Done when" 2 and 3 with a library that nobody here wrote.
"""

import asyncio
import contextlib
import logging
import ssl

import pytest
import slixmpp

from world import wait_for

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)
PATIENCE = 30            # seconds; two cores are few for four workers and slapds


class User(slixmpp.ClientXMPP):
    """A person at a slixmpp client; what comes waits until it is looked for."""

    HEARD = ("session_start", "disconnected", "message", "failed_all_auth",
             "presence_available", "presence_unavailable",
             "presence_subscribe", "presence_subscribed", "groupchat_presence")
    PLUGINS = ("xep_0030", "xep_0045", "xep_0054", "xep_0092", "xep_0199",
               "xep_0202")

    def __init__(self, world, person, mechanism=None, tls12=False):
        options = {"use_mech": mechanism} if mechanism else {}
        super().__init__(person.jid, person.password,
                         plugin_config={"feature_mechanisms": options})
        self.world = world
        self.auto_authorize = self.auto_subscribe = None    # ask us
        self.ca_certs = world.env["CA_FILE"]
        if tls12:
            self.ssl_context.maximum_version = ssl.TLSVersion.TLSv1_2
        if mechanism and not mechanism.endswith("-PLUS"):
            self.know_no_binding()
        self.heard, self.news = [], asyncio.Event()
        for name in self.HEARD:
            self.add_event_handler(
                name, lambda data, name=name: self.hear(name, data))
        for plugin in self.PLUGINS:
            self.register_plugin(plugin)

    def know_no_binding(self):
        """Who can bind and is made not to says "y", and is refused: rightly."""
        mechanisms = self["feature_mechanisms"]
        ask = mechanisms.sasl_callback
        mechanisms.sasl_callback = lambda *names: {
            **ask(*names), "channel_binding": b""}

    def hear(self, name, data):
        self.heard.append((name, data))
        self.news.set()

    def _found(self, name, accept):
        for number, (found, data) in enumerate(self.heard):
            if found == name and accept(data):
                return self.heard.pop(number)[1]
        return None

    async def wait(self, name, accept=lambda data: True):
        """The first event of that name that is acceptable."""
        async def look():
            while True:
                data = self._found(name, accept)
                if data is not None:
                    return data
                self.news.clear()
                await self.news.wait()
        return await asyncio.wait_for(look(), PATIENCE)

    async def arrive(self):
        self.connect(("127.0.0.1", int(self.world.env["C2S_PORT"])))
        await self.wait("session_start")
        await self.get_roster()
        self.send_presence()
        return self


@contextlib.asynccontextmanager
async def users(world, *people, **more):
    found = [User(world, person, **more) for person in people]
    try:
        for user in found:
            await user.arrive()
        yield found
    finally:
        for user in found:
            await user.disconnect(wait=1)


def run(story):
    """Runs a coroutine in a loop of its own, which slixmpp takes as its."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(asyncio.wait_for(story, 5 * PATIENCE))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        asyncio.set_event_loop(None)


def from_(bare):
    return lambda stanza: stanza["from"].bare == bare


async def become_friends(ann, bob):
    for one, other in ((ann, bob), (bob, ann)):
        one.send_presence_subscription(other.boundjid.bare)
        asked = await other.wait("presence_subscribe")
        other.send_presence(pto=asked["from"], ptype="subscribed")
        await one.wait("presence_subscribed")
        await one.wait("presence_available", from_(other.boundjid.bare))


@pytest.fixture
def scrammers(world):
    """Two people with verifiers: each has logged in once by PLAIN."""
    people = [world.person("slix") for _ in range(2)]

    async def story():
        async with users(world, *people, mechanism="PLAIN"):
            pass
    run(story())
    for person in people:
        wait_for(lambda p=person: "imScram" in (world.profile(p) or {}), PATIENCE)
    return people


MECHANISMS = {
    "PLAIN": {}, "SCRAM-SHA-1": {}, "SCRAM-SHA-256": {}, "SCRAM-SHA-512": {},
    "SCRAM-SHA-256-PLUS": {"tls12": True}, "SCRAM-SHA-1-PLUS": {"tls12": True},
    # COMPAT: slixmpp 1.8 sends tls-unique on TLS 1.3, which RFC 9266 has not
    "SCRAM-SHA-512-PLUS": {}, "": {},
}


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_mechanism(world, scrammers, mechanism):
    """"": the client's own choice."""
    async def story():
        async with users(world, scrammers[0], mechanism=mechanism or None,
                         **MECHANISMS[mechanism]) as (ann,):
            assert ann.boundjid.bare == scrammers[0].jid
            assert await ann["xep_0199"].ping(world.domain, timeout=PATIENCE)
    run(story())


def test_the_first_conversation(world):
    people = [world.person("slix", displayName=["Ana Pérez"],
                           mail=["ana@example.org"], title=["Profesora"],
                           jpegPhoto=[b"\xff\xd8\xff\xe0 foto \xff\xd9"])
              for _ in range(2)]
    room = f"{world.name('tertulia')}@{world.muc}"

    async def story():
        async with users(world, *people) as (ann, bob):
            await become_friends(ann, bob)
            ann.send_message(bob.boundjid, "¿Vienes a la tertulia?",
                             mtype="chat")
            heard = await bob.wait("message")
            assert heard["body"] == "¿Vienes a la tertulia?"
            heard.reply("Voy").send()
            assert (await ann.wait("message"))["body"] == "Voy"
            await meet(ann, bob)
            await read_vcard(ann, bob)

    async def meet(ann, bob):
        for user, nick in ((ann, "Ana"), (bob, "Blas")):
            await user["xep_0045"].join_muc_wait(
                room, nick, timeout=PATIENCE, maxstanzas=0)
            if user is ann:             # a new room is locked until its owner
                await ann["xep_0045"].set_room_config(      # says what it is
                    room, ann["xep_0004"].make_form("submit"))
        # Each reads a socket of their own: ann may be behind.
        await ann.wait("groupchat_presence", lambda p: p["from"].resource == "Blas")
        assert set(ann["xep_0045"].get_roster(room)) == {"Ana", "Blas"}
        ann.send_message(room, "hola a todos", mtype="groupchat")
        said = await bob.wait("message", lambda m: m["type"] == "groupchat"
                              and m["body"])
        assert (said["body"], said["from"].resource) == ("hola a todos", "Ana")

    async def read_vcard(ann, bob):
        answer = await bob["xep_0054"].get_vcard(ann.boundjid.bare, timeout=PATIENCE)
        card = answer["vcard_temp"]
        assert card["FN"] == "Ana Pérez"
        assert [mail["USERID"] for mail in card["emails"]] == [
            "ana@example.org"]
        assert card["PHOTO"]["BINVAL"] == b"\xff\xd8\xff\xe0 foto \xff\xd9"

    run(story())
    for me, other in (people, people[::-1]):
        item, = world.profile(me)["imRosterItem"]
        assert item.split()[:2] == [other.jid, "both"]


def test_room_of_the_directory_is_there_for_everybody(world):
    """The room's entry, made by an administrator, is the room people join."""
    room = world.room(cn=["Sala de lectura"],
                      description=["Se lee en voz baja"])
    people = [world.person("slix") for _ in range(2)]

    async def story():
        async with users(world, *people) as (ann, bob):
            info = await ann["xep_0030"].get_info(room, timeout=PATIENCE)
            names = [name for *_, name in info["disco_info"]["identities"]]
            assert names == ["Sala de lectura"]
            for user in (ann, bob):
                await user["xep_0045"].join_muc_wait(
                    room, user.boundjid.user, timeout=PATIENCE)
            bob.send_message(room, "silencio", mtype="groupchat")
            said = await ann.wait("message", lambda m: m["body"])
            assert said["body"] == "silencio"
    run(story())
    assert world.search("ou=rooms," + world.env["IM_BASE"],
                        f"(imRoomName={room.partition('@')[0]})")


def test_wrong_password_is_told(world):
    person = world.person()
    person.password = "falsch"

    async def story():
        user = User(world, person)
        user.connect(("127.0.0.1", int(world.env["C2S_PORT"])))
        await user.wait("failed_all_auth")
        await user.disconnect(wait=1)
    run(story())


def test_what_a_client_looks_at_after_login(world):
    async def story():
        async with users(world, world.person()) as (ann,):
            info = await ann["xep_0030"].get_info(world.domain, timeout=PATIENCE)
            found = info["disco_info"]
            assert ("server", "im") in [i[:2] for i in found["identities"]]
            for feature in ("vcard-temp", "urn:xmpp:ping", "urn:xmpp:time",
                            "jabber:iq:version",
                            "http://jabber.org/protocol/disco#info"):
                assert feature in found["features"]
            items = await ann["xep_0030"].get_items(world.domain, timeout=PATIENCE)
            assert world.muc in [i[0] for i in items["disco_items"]["items"]]
            version = await ann["xep_0092"].get_version(world.domain, timeout=PATIENCE)
            assert version["software_version"]["name"] == "Tertulia"
            # slixmpp reads <utc/> wrongly; its own reading is not asked for
            time = await ann["xep_0202"].get_entity_time(world.domain,
                                                         timeout=PATIENCE)
            assert time.xml.findtext(".//{urn:xmpp:time}utc").endswith("Z")
    run(story())
