# SPDX-License-Identifier: Apache-2.0
"""The real Dino, Debian's dino-im, as one person on a desktop.

    with Desktop(folder) as desktop, Way(service) as way:
        dino = Dino(desktop, way, person).start()
        dino.roster()                   # opens "Start Conversation"

Dino takes its account from its own database, which has one when it starts.  It
finds a service by DNS or at port 5222, and trusts the system's authorities and
no others: here it reaches ours by a SOCKS proxy, to which GLib sends all
connections, and takes an unknown authority's certificate, with the right name
and dates, where the domain ends in .onion (which is its own rule).  So neither a
port nor a file of this machine need be ours.
"""

import contextlib
import pathlib
import socket
import sqlite3
import threading

from faults import Listener

DOMAIN = "tertulia.onion"
NAME = "im.dino.Dino"
# As Dino makes it; it makes the others, and leaves one that is there.
ACCOUNT = """CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT, bare_jid TEXT NOT NULL UNIQUE,
    resourcepart TEXT, password TEXT, alias TEXT, enabled INTEGER,
    roster_version TEXT, mam_earliest_synced INTEGER)"""


def read(connection, count):
    data = connection.recv(count, socket.MSG_WAITALL)
    if len(data) != count:
        raise OSError("cut off")
    return data


class Way(Listener):
    """SOCKS5 (RFC 1928) that leads to the service whatever is asked for, and
    keeps what was."""

    def __init__(self, service):
        self.service, self.asked = service, []
        super().__init__()

    @property
    def url(self):
        return f"socks5://127.0.0.1:{self.port}"

    def serve(self, client):
        _, methods = read(client, 2)
        read(client, methods)
        client.sendall(b"\x05\x00")
        _, _, _, kind, length = read(client, 5)
        assert kind == 3, "a name is asked for"
        name = read(client, length).decode()
        self.asked.append((name, int.from_bytes(read(client, 2), "big")))
        there = socket.create_connection(
            ("127.0.0.1", int(self.service.env["C2S_PORT"])))
        self.open.append(there)
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
        threading.Thread(target=pass_on, args=(client, there),
                         daemon=True).start()
        pass_on(there, client)


def pass_on(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class Dino:
    def __init__(self, desktop, way, person):
        self.desktop, self.way, self.person = desktop, way, person
        self.home = pathlib.Path(desktop.folder, "home-" + person.uid)
        self.data = self.home / ".local/share/dino"
        self.data.mkdir(parents=True)
        with contextlib.closing(sqlite3.connect(
                self.data / "dino.db")) as database, database:
            database.execute(ACCOUNT)
            database.execute(
                "INSERT INTO account (bare_jid, resourcepart, password, enabled)"
                " VALUES (?, 'dino', ?, 1)",
                (person.jid, person.password))

    def start(self):
        self.process = self.desktop.start(
            "dino-im", HOME=str(self.home), RES_OPTIONS="timeout:1 attempts:1",
            GIO_USE_PROXY_RESOLVER="libproxy", http_proxy=self.way.url,
            no_proxy="")
        return self

    def avatars(self):
        """{hash: picture} of what Dino fetched."""
        return {file.name: file.read_bytes()
                for file in (self.data / "avatars").glob("*")}

    # ---- windows ----

    def window(self):
        self.desktop.shows("You have no open chats")
        return self

    def accounts(self):
        """The window that says how each account's connection is."""
        self.desktop.activate(NAME, "accounts")
        self.desktop.shows("Accounts")

    def roster(self):
        """The window "Start Conversation", which lists the roster."""
        self.desktop.activate(NAME, "add_chat")
        self.desktop.shows("Start Conversation")
