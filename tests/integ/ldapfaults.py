# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between the store and its directory.

Proxy   passes bytes to a real slapd, until it is told to misbehave.
Fake    speaks just enough LDAP (RFC 4511) to answer as no good server would.
"""

import select
import socket
import threading
import time


class Listener:
    """Connections on a port of its own, each in a thread."""

    def __init__(self, address="127.0.0.1"):
        self.address = address
        self.port = 0
        self.accepted = []              # when, by time.monotonic()
        self.socks = set()
        self.lock = threading.Lock()
        self.listening = None
        self.listen()

    @property
    def uri(self):
        return f"ldap://{self.address}:{self.port}"

    def listen(self):
        """Again on the same port, after refuse()."""
        self.listening = socket.create_server((self.address, self.port))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, args=[self.listening],
                         daemon=True).start()

    def accept(self, listening):
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            self.accepted.append(time.monotonic())
            self.keep(sock)
            threading.Thread(target=self.guarded, args=[sock],
                             daemon=True).start()

    def guarded(self, sock):
        try:
            self.serve(sock)
        except OSError:
            pass
        finally:
            self.drop(sock)

    def keep(self, sock):
        with self.lock:
            self.socks.add(sock)

    def drop(self, sock):
        with self.lock:
            self.socks.discard(sock)
        sock.close()

    def cut(self):
        """Ends every connection."""
        with self.lock:
            for sock in self.socks:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def refuse(self):
        """Nobody listens any more, and nobody is connected."""
        try:
            self.listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listening.close()
        self.cut()

    close = refuse

    def serve(self, sock):
        raise NotImplementedError


class Proxy(Listener):
    """mute: takes what comes and passes nothing on, either way.
    answers_left: bytes of answers that still pass; then `at_end` happens:
    "mute", or "cut" once, unless it is "always cut".  dribble: answers come by the byte, this many seconds
    apart.  swallow: the next answer is read, dropped, and the connection cut."""

    def __init__(self, port, address="127.0.0.1"):
        self.target = port
        self.mute = False
        self.answers_left = None
        self.at_end = "mute"
        self.dribble = 0
        self.swallow = False
        super().__init__(address)

    def serve(self, sock):
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            while True:
                ready = select.select([sock, server], [], [], 0.05)[0]
                if self.mute:
                    time.sleep(0.02)
                    continue
                if sock in ready and not self.pass_on(sock, server):
                    return
                if server in ready and not self.answer(server, sock):
                    return

    @staticmethod
    def pass_on(source, sink):
        data = source.recv(1 << 16)
        if data:
            sink.sendall(data)
        return bool(data)

    def answer(self, server, sock):
        data = server.recv(1 << 16)
        if self.swallow and data:
            self.swallow = False
            return False
        if self.answers_left is not None:
            data, self.answers_left = (data[:self.answers_left],
                                       max(0, self.answers_left - len(data)))
            if self.answers_left == 0:
                if self.at_end == "cut":
                    self.answers_left = None
                self.mute = self.at_end == "mute"
                sock.sendall(data)
                return self.mute
        for i in range(len(data) if self.dribble else 0):
            sock.sendall(data[i:i + 1])
            time.sleep(self.dribble)
        if not self.dribble:
            sock.sendall(data)
        return bool(data)


# --- BER (X.690), as far as LDAP goes -------------------------------------------

def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(value, tag=2):
    return tlv(tag, value.to_bytes(max(1, (value.bit_length() + 8) // 8), "big"))


def message(number, op):
    return tlv(0x30, integer(number), op)


def result(tag, code, *more):
    return tlv(tag, integer(code, 10), tlv(4), tlv(4), *more)


def entry(dn, **attributes):
    """A search result entry; values are bytes."""
    return tlv(0x64, tlv(4, dn.encode()), tlv(0x30, *(
        tlv(0x30, tlv(4, name.encode()), tlv(0x31, *(tlv(4, v) for v in values)))
        for name, values in attributes.items())))


def read_tlv(data, at=0):
    """(tag, body, next) or None when it is not all there."""
    if len(data) < at + 2:
        return None
    tag, size, at = data[at], data[at + 1], at + 2
    if size >= 128:
        n = size & 0x7f
        if len(data) < at + n:
            return None
        size, at = int.from_bytes(data[at:at + n], "big"), at + n
    if len(data) < at + size:
        return None
    return tag, data[at:at + size], at + size


BIND, UNBIND, SEARCH, MODIFY, ADD, DELETE, ABANDON, EXTENDED = (
    0x60, 0x42, 0x63, 0x66, 0x68, 0x4a, 0x50, 0x77)
# the tag of the answer to each
COMPARE = 0x6e
ANSWERS = {BIND: 0x61, SEARCH: 0x65, MODIFY: 0x67, ADD: 0x69, DELETE: 0x6b,
           EXTENDED: 0x78, COMPARE: 0x6f}
COMPARE_TRUE = 6


class Fake(Listener):
    """answers[tag]: bytes of an operation, a list of them, or a function of the
    request's body that gives either, or None for silence.  What is not there
    is answered with success.  raw[tag] is sent after that as it is."""

    def __init__(self, **answers):
        self.answers = {}
        self.raw = {}
        self.asked = []                 # tags, in order
        self.bodies = []
        self.hold = None                # an Event: searches wait for it
        self.waiting = self.most_waiting = 0
        super().__init__()

    def serve(self, sock):
        data = b""
        while True:
            piece = sock.recv(1 << 16)
            if not piece:
                return
            data += piece
            while (found := read_tlv(data)) is not None:
                data = data[found[2]:]
                self.take(sock, found[1])

    def take(self, sock, body):
        _, number, at = read_tlv(body)
        tag, request, _ = read_tlv(body, at)
        self.asked.append(tag)
        self.bodies.append(request)
        if tag in (UNBIND, ABANDON):
            return
        if self.hold is not None and tag == SEARCH:
            self.waiting += 1
            self.most_waiting = max(self.waiting, self.most_waiting)
            threading.Thread(target=self.later, daemon=True,
                             args=[sock, number, tag, request]).start()
        else:
            self.reply(sock, number, tag, request)

    def later(self, sock, number, tag, request):
        self.hold.wait(20)
        self.waiting -= 1
        try:
            self.reply(sock, number, tag, request)
        except OSError:
            pass

    def reply(self, sock, number, tag, request):
        op = self.answers.get(tag, result(
            ANSWERS[tag], COMPARE_TRUE if tag == COMPARE else 0))
        if callable(op):
            op = op(request)
        if op is None:
            return
        ops = op if isinstance(op, list) else [op]
        number = int.from_bytes(number, "big")
        data = b"".join(message(number, one) for one in ops)
        with self.lock:
            sock.sendall(data + self.raw.get(tag, b""))
