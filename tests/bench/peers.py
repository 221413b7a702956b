# SPDX-License-Identifier: Apache-2.0
"""Other XMPP servers of Debian, started privately on the directory of a world.

    install()                           # what is missing, as packages
    for Peer in PEERS:
        with Peer(world, folder) as peer:
            connect(peer.port)          # direct TLS, as people of the world
            peer.pids()                 # whose processor time and memory count

Each is set up for load as its own documentation says: nothing that throttles,
nothing that Tertulia does not do either (archives, carbons, stream management,
personal eventing, offline messages, other servers), data in the store it brings
itself, warnings to a log file.  What was turned is said in `tuning`, for the
report.

They ask the directory under the identity that Tertulia has there, so that
slapd has the same access rules to think about.  They do so without TLS:
ejabberd 23.01 knows no StartTLS, the world's slapd has no ldaps:, and the
others would shake hands again for every login.  That is in their favour.

Everything listens on 127.0.0.1, writes below the given folder, and is gone when
the `with` ends; nothing of /etc is read.
"""

import base64
import contextlib
import gzip
import json
import os
import pathlib
import resource
import signal
import socket
import sqlite3
import ssl
import string
import subprocess
import sys
import time
import urllib.parse
from xml.sax.saxutils import escape

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integ"))
from service import free_ports                                  # noqa: E402
from world import Broken, wait_for                              # noqa: E402

START_WITHIN, STOP_WITHIN = 60, 15      # seconds
OCCUPANTS_MOST = 5000                   # of a room
FILES = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
PLAIN_LDAP = "Asks the directory on loopback without TLS."


class Peer:
    """One server.  Subclasses say what to write and what to run."""

    name = ""
    packages = ()               # the first one's version is the peer's
    has_rooms = True
    has_scram = False           # the directory has their passwords
    ports = 1                   # how many it listens on; the first is `port`
    tuning = []

    def __init__(self, world, folder):
        self.world, self.folder = world, pathlib.Path(folder)
        self.domain, self.muc = world.domain, world.muc
        self.version = installed(self.packages[:1]).get(self.packages[0])
        self.port, *self.more_ports = free_ports(self.ports)
        self.processes = []

    def write(self):
        """Makes configuration and data in the folder."""
        raise NotImplementedError

    def commands(self):
        """What to run, in this order: (command, what says it is ready)."""
        raise NotImplementedError

    environment = {}

    # ---- the world it lives in ----

    @property
    def ldap(self):
        """How to reach and ask the directory."""
        env = self.world.env
        uri = urllib.parse.urlsplit(env["LDAP_URI"])
        return {"host": uri.hostname, "port": uri.port,
                "base": env["PEOPLE_BASE"],
                "dn": f"cn=im,ou=services,{env['IM_BASE']}",
                "password": (self.world.state / "secrets/im").read_text()}

    @property
    def certificate(self):
        """Of the world's CA, ECDSA P-256, for its domain and its rooms."""
        return self.world.state / "tls/server.pem"

    @property
    def key(self):
        return self.world.state / "tls/server.key"

    # ---- life ----

    def __enter__(self):
        if self.version is None:
            raise Broken(f"{self.name} is not installed: call install()")
        self.folder.mkdir(0o700, parents=True, exist_ok=True)   # secrets
        try:
            self.write()
            for command, is_ready in self.commands():
                self._start(command)
                self._wait(is_ready)
            self._wait(self.offers_plain)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def _start(self, command):
        """In a session of its own, as many files as may be, gone with us."""
        with open(self.folder / "output", "ab") as output:
            self.processes.append(subprocess.Popen(
                ["prlimit", f"--nofile={FILES}",
                 "setpriv", "--pdeathsig", "TERM", *map(str, command)],
                env={**os.environ, **self.environment}, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True))

    def _wait(self, is_ready):
        def ready_or_dead():
            dead = [one for one in self.processes if one.poll() is not None]
            return dead or is_ready()
        try:
            wait_for(ready_or_dead, START_WITHIN, 0.05)
        except Broken as why:
            raise Broken(f"{self.name} does not start:\n{self.log()}") from why
        if any(one.poll() is not None for one in self.processes):
            raise Broken(f"{self.name} ended by itself:\n{self.log()}")

    def pids(self):
        """All its processes, helpers too; those we started come first."""
        return list(family(one.pid for one in self.processes))

    def stop(self):
        """Asks all to end, last one first, and kills what is left."""
        known = family(one.pid for one in self.processes)
        for one in reversed(self.processes):
            one.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        while left_of(known) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in left_of(known):
            with contextlib.suppress(ProcessLookupError):   # went by itself
                os.kill(pid, signal.SIGKILL)
        for one in self.processes:
            one.wait()

    def log(self, lines=40):
        texts = [file.read_text(errors="replace").splitlines()[-lines:]
                 for file in [self.folder / "output",
                              *sorted(self.folder.glob("*.log"))]
                 if file.is_file()]
        return "\n".join(line for text in texts for line in text)

    # ---- what a client sees ----

    def connect(self):
        """Direct TLS 1.3, verified for the domain."""
        context = ssl.create_default_context(cafile=self.world.env["CA_FILE"])
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        return context.wrap_socket(raw, server_hostname=self.domain)

    def accepts(self, user, password):
        """Whether somebody can log in so; SASL only."""
        with self.connect() as sock:
            open_stream(sock, self.domain)
            message = base64.b64encode(f"\0{user}\0{password}".encode())
            sock.sendall(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
                         b"mechanism='PLAIN'>" + message + b"</auth>")
            answer = read_until(sock, b"<success", b"</failure>")
        if b"<success" not in answer and b"not-authorized" not in answer:
            raise Broken(f"{self.name} answers a password with {answer}")
        return b"<success" in answer

    def offers_plain(self):
        """Somebody could log in now."""
        try:
            with self.connect() as sock:
                return b">PLAIN<" in open_stream(sock, self.domain)
        except ssl.SSLError:
            raise               # it serves, but not what it should
        except OSError:
            return False


def running():
    """{process: (its parent, when it began)}."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue            # it went meanwhile
        if words[0] != "Z":
            found[int(stat.parent.name)] = int(words[1]), words[19]
    return found


def family(roots):
    """{process: when it began} of these and all that descend from them."""
    every, found, new = running(), {}, list(roots)
    while new:
        found |= {pid: every[pid][1] for pid in new if pid in every}
        new = [pid for pid, (parent, _) in every.items()
               if parent in found and pid not in found]
    return found


def left_of(known):
    """Those of a family that are still there: a number may be used again."""
    every = running()
    return [pid for pid, began in known.items()
            if pid in every and every[pid][1] == began]


def listens(port):
    """A condition: somebody takes connections there."""
    def probe():
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0
    return probe


def read_until(sock, *words):
    """What comes, until one of the words was in it or the end."""
    data = b""
    while not any(word in data for word in words):
        more = sock.recv(65536)
        if not more:
            break
        data += more
    return data


def open_stream(sock, domain):
    """Gives what the server says to a stream header."""
    sock.sendall(f"<?xml version='1.0'?><stream:stream to='{domain}' "
                 "xmlns='jabber:client' version='1.0' xmlns:stream="
                 "'http://etherx.jabber.org/streams'>".encode())
    return read_until(sock, b"</stream:features>", b"<stream:error")


class Ejabberd(Peer):
    """The Erlang machine run directly: the package's script insists on a user
    of its own, a name on the network and epmd."""

    name = "ejabberd"
    packages = ("ejabberd",)
    tuning = [
        "No shapers; max_fsm_queue 100000 and backlog 4096.",
        "Only mod_disco, mod_muc, mod_ping, mod_roster, mod_time, mod_vcard "
        "(no search) and mod_version; Mnesia stores.",
        f"Rooms: max_users and max_users_presence {OCCUPANTS_MOST}, no message "
        "or presence intervals, not persistent, no archive, no log.",
        "Erlang: +K true, +P 250000, +Q 65536, no distribution; the rest as "
        "by default, busy waiting too: +sbwt none changed nothing.",
        "auth_use_cache is on, as by default: whoever logs in again within "
        "the hour is not asked of the directory.",
        PLAIN_LDAP]

    @property
    def environment(self):
        home = next(pathlib.Path("/usr/lib").glob("*/ejabberd-*/ebin"))
        return {"ERL_LIBS": str(home.parents[1]),
                "ERL_INETRC": str(self.folder / "inetrc"),
                "ERL_CRASH_DUMP_BYTES": "0",
                "EJABBERD_CONFIG_PATH": str(self.folder / "ejabberd.yml"),
                "EJABBERD_LOG_PATH": str(self.folder / "ejabberd.log")}

    def write(self):
        (self.folder / "inetrc").write_text('{lookup,["file"]}.\n')
        # JSON is YAML
        settings = {**self.general(), **self.directory(),
                    "listen": [self.listener()], "modules": self.modules()}
        (self.folder / "ejabberd.yml").write_text(
            json.dumps(settings, indent=2))

    def general(self):
        return {"loglevel": "warning", "log_rotate_count": 0,
                "hosts": [self.domain], "acme": {"auto": False},
                "certfiles": [str(self.certificate), str(self.key)],
                "max_fsm_queue": 100000, "s2s_access": "none",
                "disable_sasl_mechanisms": ["digest-md5", "x-oauth2"]}

    def directory(self):
        ldap = self.ldap
        return {"auth_method": ["ldap"], "ldap_servers": [ldap["host"]],
                "ldap_port": ldap["port"], "ldap_encrypt": "none",
                "ldap_base": ldap["base"], "ldap_uids": ["uid"],
                "ldap_rootdn": ldap["dn"], "ldap_password": ldap["password"]}

    def listener(self):
        return {"port": self.port, "ip": "127.0.0.1", "backlog": 4096,
                "module": "ejabberd_c2s", "tls": True, "shaper": "none",
                "max_stanza_size": 262144, "max_fsm_queue": 100000,
                "access": "all"}

    def modules(self):
        plain = ("disco", "ping", "roster", "time", "version")
        return {**{f"mod_{name}": {} for name in plain},
                "mod_vcard": {"search": False},
                "mod_muc": {
                    "host": self.muc, "access": "all", "access_create": "all",
                    "access_persistent": "none", "max_users": OCCUPANTS_MOST,
                    "max_users_presence": OCCUPANTS_MOST,
                    "min_message_interval": 0, "min_presence_interval": 0,
                    "default_room_options": {
                        "max_users": OCCUPANTS_MOST, "persistent": False,
                        "mam": False, "logging": False}}}

    def commands(self):
        erl = ["erl", "-noinput", "+K", "true", "+P", 250000, "+Q", 65536,
               "-mnesia", "dir", json.dumps(str(self.folder / "mnesia")),
               "-s", "ejabberd"]
        return [(erl, listens(self.port))]


PROSODY = """
run_as_root = true
daemonize = false
pidfile = "$folder/prosody.pid"
data_path = "$folder/data"
certificates = "$folder"
plugin_paths = { }
log = { warn = "$folder/prosody.log" }
network_backend = "epoll"
network_settings = { tcp_backlog = 4096; nagle = false }
gc = { mode = "generational" }
interfaces = { "127.0.0.1" }
c2s_ports = { }
s2s_ports = { }
c2s_direct_tls_ports = { $port }
c2s_direct_tls_interfaces = { "127.0.0.1" }
c2s_direct_tls_ssl = { certificate = "$certificate"; key = "$key" }
ssl = { certificate = "$certificate"; key = "$key" }
storage = "internal"
authentication = "ldap"
ldap_server = "$ldap_host:$ldap_port"
ldap_rootdn = "$ldap_dn"
ldap_password = "$ldap_password"
ldap_base = "$ldap_base"
ldap_filter = "(uid=$$user)"
ldap_mode = "bind"
ldap_tls = false
modules_enabled = { "disco", "ping", "roster", "saslauth", "time", "tls",
                    "vcard", "version" }
modules_disabled = { "limits", "offline", "s2s" }
VirtualHost "$domain"
Component "$muc" "muc"
    restrict_room_creation = false
    muc_room_default_persistent = false
"""


class Prosody(Peer):
    """One process; mod_auth_ldap comes with it, LDAP for Lua does not."""

    name = "prosody"
    packages = ("prosody", "lua-ldap")
    tuning = [
        "No mod_limits, hence no rate limits.",
        "Network backend epoll, as by default; tcp_backlog 4096; nagle off: "
        "rooms twice as fast for the same processor time.",
        "Lua 5.4 with generational garbage collection: about a third less "
        "processor time than by default, half more memory per session.",
        "Only disco, muc, ping, roster, saslauth, time, tls, vcard and "
        "version; internal storage.",
        "Rooms are not persistent and have no archive; there is no limit "
        "to their occupants.",
        PLAIN_LDAP]

    def write(self):
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "prosody.cfg.lua").write_text(
            string.Template(PROSODY).substitute(facts(self)))

    def commands(self):
        return [(["prosody", "-F", "--config",
                  self.folder / "prosody.cfg.lua"], listens(self.port))]


def facts(peer, escaped=str):
    """What the templates of configuration files have holes for."""
    known = {"folder": peer.folder, "domain": peer.domain, "muc": peer.muc,
             "port": peer.port, "certificate": peer.certificate,
             "key": peer.key, "files": FILES,
             **{f"ldap_{name}": value for name, value in peer.ldap.items()}}
    return {name: escaped(str(value)) for name, value in known.items()}


JABBERD2_LIMITS = """<io><max_fds>$files</max_fds><limits><bytes>0</bytes>
<stanzas>0</stanzas><connects>0</connects><stanzasize>262144</stanzasize>
</limits></io>"""

JABBERD2_LINK = """<router><ip>127.0.0.1</ip><port>$router</port>
<user>jabberd</user><pass>$secret</pass></router>"""

JABBERD2 = {
    "users": "<users><user><name>jabberd</name><secret>$secret</secret>"
             "</user></users>",
    "filter": "<rules/>",
    "router": """<router><id>router</id>
<log type='file'><file>$folder/router.log</file></log>
<local><ip>127.0.0.1</ip><port>$router</port>
<users>$folder/users.xml</users></local>""" + JABBERD2_LIMITS + """
<aci><acl type='all'><user>jabberd</user></acl>
<filter>$folder/filter.xml</filter></aci></router>""",
    "sm": "<sm><id>sm</id>" + JABBERD2_LINK + """
<log type='file'><file>$folder/sm.log</file></log>
<local><id>$domain</id></local>
<storage><path>$modules</path><driver>sqlite</driver>
<sqlite><dbname>$folder/sqlite.db</dbname>
<sql>PRAGMA synchronous = OFF;</sql></sqlite></storage>
<modules><path>$modules</path>$chains</modules>
<user><auto-create/></user></sm>""",
    "c2s": "<c2s><id>c2s</id>" + JABBERD2_LINK + """
<log type='file'><file>$folder/c2s.log</file></log>
<local><id>$domain</id><ip>127.0.0.1</ip><port>0</port>
<ssl-port>$port</ssl-port><pemfile>$folder/server.pem</pemfile></local>
""" + JABBERD2_LIMITS + """
<authreg><path>$modules</path><module>ldapfull</module>
<mechanisms><sasl><plain/></sasl></mechanisms>
<ssl-mechanisms><sasl><plain/></sasl></ssl-mechanisms>
<ldapfull><uri>ldap://$ldap_host:$ldap_port/</uri>
<binddn>$ldap_dn</binddn><bindpw>$ldap_password</bindpw>
<uidattr>uid</uidattr><objectclass>inetOrgPerson</objectclass>
<pwscheme>bind</pwscheme><basedn>$ldap_base</basedn></ldapfull></authreg>
</c2s>"""}

# The package's own order, less what nobody else here does.
JABBERD2_CHAINS = {
    "in-sess": "validate roster iq-vcard iq-ping disco presence deliver",
    "in-router": "session validate presence",
    "pkt-sm": "iq-ping iq-time iq-version disco presence",
    "pkt-user": "roster presence disco iq-vcard deliver",
    "pkt-router": "session disco",
    "user-load": "active roster",
    "user-create": "active",
    "user-delete": "active roster iq-vcard",
    "disco-extend": "iq-version"}


# The tables that the storage wants to find; only the documentation has them.
DATABASE = pathlib.Path("/usr/share/doc/jabberd2/db-setup.sqlite*")


class Jabberd2(Peer):
    """Router, session manager and client connections: three processes that
    talk by loopback.  Its rooms are a component that Debian does not have."""

    name = "jabberd2"
    packages = ("jabberd2",)
    has_rooms = False
    ports = 2
    tuning = [
        "No limits of bytes, stanzas or connections.",
        "Storage in SQLite as by default, with synchronous = OFF since the "
        "directory does not wait for the disk here either.",
        "Session manager without offline messages, privacy lists, vacation, "
        "announcements, status, and advanced message processing.",
        "No rooms: they would need mu-conference, which Debian does not "
        "have; s2s does not run.",
        "Users are created at their first login (auto-create).",
        "It has no setting for TCP_NODELAY: with few users it waits more "
        "than it works.",
        PLAIN_LDAP]

    def write(self):
        modules, = pathlib.Path("/usr/lib").glob("*/jabberd2")
        holes = {**facts(self, escape), "modules": modules,
                 "router": self.more_ports[0], "secret": os.urandom(12).hex(),
                 "chains": self.chains()}
        for name, text in JABBERD2.items():
            (self.folder / f"{name}.xml").write_text(
                string.Template(text).substitute(holes))
        both = self.certificate.read_text() + self.key.read_text()
        (self.folder / "server.pem").touch(0o600)
        (self.folder / "server.pem").write_text(both)
        self.make_database()

    def chains(self):
        return "".join(
            f"<chain id='{name}'>"
            + "".join(f"<module>{one}</module>" for one in words.split())
            + "</chain>" for name, words in JABBERD2_CHAINS.items())

    def make_database(self):
        script = next(DATABASE.parent.glob(DATABASE.name), None)
        if script is None:
            raise Broken(f"{DATABASE} is missing: jabberd2 was installed "
                         "without its documentation")
        opened = gzip.open if script.suffix == ".gz" else open
        with opened(script, "rt") as file, contextlib.closing(
                sqlite3.connect(self.folder / "sqlite.db")) as database:
            database.executescript(file.read())

    def commands(self):
        def logged(name, words):
            log = self.folder / f"{name}.log"
            return lambda: log.exists() and words in log.read_text()
        ready = {"router": listens(self.more_ports[0]),
                 "sm": logged("sm", "ready for sessions"),
                 "c2s": listens(self.port)}
        return [([f"/usr/sbin/jabberd2-{name}", "-c",
                  self.folder / f"{name}.xml"], is_ready)
                for name, is_ready in ready.items()]


PEERS = [Ejabberd, Prosody, Jabberd2]


# ---- packages ----

# Nothing may start a daemon while the packages come: see invoke-rc.d(8).
INSTALL = r"""
policy=/usr/sbin/policy-rc.d kept=
[ ! -e $policy ] || { kept=$policy.kept; mv $policy $kept; }
trap 'rm -f $policy; [ -z "$kept" ] || mv $kept $policy' EXIT
trap 'exit 1' HUP INT TERM
printf '#!/bin/sh\nexit 101\n' >$policy
chmod 755 $policy
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update >/dev/null &&
apt-get -qq -y --no-install-recommends -o "Dpkg::Options::=--path-include=$1" \
	install $2 >/dev/null
"""

# Nor at the next boot, whatever came along (epmd does).
DISABLE = r"""
files=$(dpkg -L "$@")
units=$(printf '%s\n' $files | sed -En \
	's,^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket))$,\2,p')
for name in $(printf '%s\n' $files | sed -n 's,^/etc/init\.d/,,p')
do update-rc.d "$name" disable; done
[ -z "$units" ] || ! command -v systemctl >/dev/null ||
	systemctl -q --no-reload disable $units
"""


def installed(packages=()):
    """{package: version} of these, or all, that are installed."""
    shown = subprocess.run(
        ["dpkg-query", "-W", "-f",
         "${db:Status-Status} ${Package} ${Version}\n", *packages],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        check=False).stdout
    lines = [line.split() for line in shown.splitlines()]
    return {words[1]: words[2] for words in lines if words[0] == "installed"}


def as_root(script, *words):
    who = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*who, "sh", "-ec", script, "sh", *words], check=True)


def install():
    """What is missing of the peers' packages, and says so.  Their daemons do
    not start, neither now nor at boot; those that were there are let alone."""
    wanted = [name for Peer in PEERS for name in Peer.packages]
    before = installed()
    missing = [name for name in wanted if name not in before]
    if not missing:
        return
    print("peers: installing Debian packages, without starting their daemons:",
          *missing, flush=True)
    as_root(INSTALL, str(DATABASE), " ".join(missing))
    as_root(DISABLE, *sorted(installed().keys() - before.keys()))
