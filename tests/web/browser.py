# SPDX-License-Identifier: Apache-2.0
"""A browser without pictures, and a socket without manners.

Web sends requests exactly as they are told; Browser keeps cookies, reads
forms and fills them in, as a person without JavaScript would; Api speaks JSON.
"""

import base64
import dataclasses
import html.parser
import json
import socket
import ssl
import urllib.parse


@dataclasses.dataclass
class Answer:
    status: int
    headers: list
    body: bytes

    def __getitem__(self, name):
        """The one header of that name, or None."""
        found = [v for k, v in self.headers if k.lower() == name.lower()]
        assert len(found) < 2, (name, found)
        return found[0] if found else None

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def parse(raw):
    """The first answer in these bytes."""
    assert raw.startswith(b"HTTP/1.1 "), raw[:200]
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    length = [int(v) for k, v in headers if k.lower() == "content-length"]
    return Answer(int(first.split()[1]), headers,
                  body[:length[0]] if length else body)


class Web:
    """world: whatever has env with WEB_URL and CA_FILE."""

    def __init__(self, world, address="127.0.0.1", timeout=20):
        self.url = world.env["WEB_URL"]
        self.host = self.url.partition("//")[2]
        self.port = int(self.host.rpartition(":")[2])
        self.address = address
        self.timeout = timeout
        self.tls = ssl.create_default_context(cafile=world.env["CA_FILE"])

    def connect(self):
        plain = socket.create_connection((self.address, self.port),
                                         self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(plain, server_hostname="localhost")

    def raw(self, *pieces):
        """Sends these bytes; gives all that comes until the end."""
        with self.connect() as stream:
            got = b""
            try:
                for piece in pieces:
                    stream.sendall(piece)
                while True:
                    more = stream.recv(65536)
                    if not more:
                        break
                    got += more
            except (ssl.SSLEOFError, ConnectionError, BrokenPipeError):
                pass
            return got

    def request(self, method, target, headers=(), body=None, host=True):
        lines = [f"{method} {target} HTTP/1.1"]
        if host:
            lines.append(f"Host: {self.host}")
        lines += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            body = body.encode() if isinstance(body, str) else body
            lines.append(f"Content-Length: {len(body)}")
        return parse(self.raw(("\r\n".join(lines) + "\r\n\r\n").encode()
                              + (body or b"")))


class Api(Web):
    def __init__(self, world, user=None, password=None, **more):
        super().__init__(world, **more)
        self.user = user or world.env["ADMIN_USER"]
        self.password = password or world.env["ADMIN_PASSWORD"]

    def call(self, method, path, body=None, headers=(), kind="application/json"):
        proof = base64.b64encode(f"{self.user}:{self.password}".encode())
        headers = [("Authorization", f"Basic {proof.decode()}"), *headers]
        if body is not None:
            headers.append(("Content-Type", kind))
            if not isinstance(body, (str, bytes)):
                body = json.dumps(body)
        return self.request(method, f"/api/v1{path}", headers, body)


class Page(html.parser.HTMLParser):
    """Forms, links, headings and the text of a page; complains about HTML that
    is not nested as it should be."""
    VOID = {"meta", "link", "input", "br", "hr", "img"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.forms, self.links, self.elements, self.words = [], [], [], []
        self.open = []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        assert len(a) == len(attrs), (tag, attrs)
        self.elements.append((tag, a))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "form":
            self.forms.append({"action": a.get("action"), "fields": {},
                               "method": a.get("method", "get")})
        elif tag == "a":
            self.links.append(a.get("href"))
        elif self.forms and "form" in self.open:
            fields = self.forms[-1]["fields"]
            if tag == "input" and a.get("type") != "checkbox":
                fields[a["name"]] = a.get("value", "")
            elif tag == "input" and "checked" in a:
                fields[a["name"]] = a["value"]
            elif tag == "select":
                self.select = a["name"]
                fields[self.select] = None
            elif tag == "option" and (fields[self.select] is None
                                      or "selected" in a):
                fields[self.select] = a["value"]
            elif tag == "textarea":
                fields[a["name"]] = ""

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["textarea"]:
            name = [a["name"] for t, a in self.elements if t == "textarea"][-1]
            self.forms[-1]["fields"][name] += data
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def form(self, action):
        found = [f for f in self.forms if f["action"] == action]
        assert len(found) == 1, (action, [f["action"] for f in self.forms])
        return found[0]

    def has(self, tag, **attrs):
        return any(t == tag and all(a.get(k) == v for k, v in attrs.items())
                   for t, a in self.elements)


class Browser(Web):
    """Cookies, the language, and the last page."""

    def __init__(self, world, language="en", **more):
        super().__init__(world, **more)
        self.world = world
        self.cookies = {}
        self.language = language
        self.answer = self.page = self.path = None

    def fetch(self, method, target, headers=(), body=None):
        headers = [("Accept-Language", self.language), *headers]
        if self.cookies:
            headers.append(("Cookie", "; ".join(
                f"{k}={v}" for k, v in self.cookies.items())))
        self.answer = self.request(method, target, headers, body)
        for cookie in self.answer.all("set-cookie"):
            pair, *attributes = cookie.split("; ")
            name, _, value = pair.partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in attributes:
                del self.cookies[name]
        return self.answer

    def follow(self):
        hops = 0
        while self.answer.status == 303:
            assert hops < 5
            self.path = self.answer["location"]
            self.fetch("GET", self.path)
            hops += 1
        kind = self.answer["content-type"] or ""
        self.page = Page(self.answer.text) if kind.startswith("text/html") else None
        return self.answer

    def get(self, path):
        self.path = path
        self.fetch("GET", path)
        return self.follow()

    def post(self, action, fields, headers=None):
        """headers None: as a browser on our own page sends them."""
        if headers is None:
            headers = [("Origin", "null"), ("Sec-Fetch-Site", "same-origin")]
        self.fetch("POST", action, [
            ("Content-Type", "application/x-www-form-urlencoded"), *headers],
            urllib.parse.urlencode(fields))
        return self.answer

    def submit(self, action, **fields):
        """Fills in the form of the page; a field of None is left out."""
        form = self.page.form(action)
        assert form["method"] == "post"
        values = {**form["fields"], **fields}
        self.post(action, {k: v for k, v in values.items() if v is not None})
        self.path = action
        return self.follow()

    def sign_in(self, user=None, password=None):
        self.get("/signin")
        self.submit("/signin", name=user or self.world.env["ADMIN_USER"],
                    password=password or self.world.env["ADMIN_PASSWORD"])
        return self
