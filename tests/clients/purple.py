#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A libpurple user (Pidgin, Finch, Adium) without a window.

    purple.py FOLDER HOST PORT JID PASSWORD CERTIFICATE

Logs in with TLS required, and says "signed-on" or "error …" on standard output.
libpurple wants an event loop from its user interface: here it is select(2) and a
list of timers.  CERTIFICATE is the server's, accepted before, as a person would.
"""

import ctypes
import itertools
import pathlib
import select
import shutil
import sys
import time

POINTER, INT, TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
UINT = ctypes.c_uint
READ, WRITE = 1, 2                      # PurpleInputCondition
AVAILABLE = 2                           # PurpleStatusPrimitive
PATIENCE = 60

TIMEOUT = ctypes.CFUNCTYPE(INT, POINTER)
INPUT = ctypes.CFUNCTYPE(None, POINTER, INT, INT)


class Loop:
    """What libpurple waits for; a handle is never used twice."""

    def __init__(self):
        self.numbers = itertools.count(1)
        self.timers, self.inputs = {}, {}
        self.is_over = False

    def timeout_add(self, ms, function, data):
        handle = next(self.numbers)
        self.timers[handle] = [time.monotonic() + ms / 1000, ms / 1000,
                               TIMEOUT(function), data]
        return handle

    def timeout_add_seconds(self, seconds, function, data):
        return self.timeout_add(seconds * 1000, function, data)

    def timeout_remove(self, handle):
        return int(self.timers.pop(handle, None) is not None)

    def input_add(self, fd, condition, function, data):
        handle = next(self.numbers)
        self.inputs[handle] = (fd, condition, INPUT(function), data)
        return handle

    def input_remove(self, handle):
        return int(self.inputs.pop(handle, None) is not None)

    def turn(self):
        now = time.monotonic()
        for handle, timer in list(self.timers.items()):
            if handle in self.timers and timer[0] <= now:
                timer[0] = now + timer[1]
                if not timer[2](timer[3]):
                    self.timers.pop(handle, None)
        wanted = list(self.inputs.items())
        readable, writable, _ = select.select(
            [fd for _, (fd, how, *_) in wanted if how & READ],
            [fd for _, (fd, how, *_) in wanted if how & WRITE], [], 0.02)
        for handle, (fd, how, function, data) in wanted:
            is_due = (READ if fd in readable else 0) | (
                WRITE if fd in writable else 0)
            if handle in self.inputs and how & is_due:
                function(data, fd, how & is_due)


class LoopOps(ctypes.Structure):        # PurpleEventLoopUiOps
    ADD = ctypes.CFUNCTYPE(UINT, UINT, POINTER, POINTER)
    REMOVE = ctypes.CFUNCTYPE(INT, UINT)
    INPUT_ADD = ctypes.CFUNCTYPE(UINT, INT, INT, POINTER, POINTER)
    _fields_ = [("timeout_add", ADD), ("timeout_remove", REMOVE),
                ("input_add", INPUT_ADD), ("input_remove", REMOVE),
                ("input_get_error", POINTER), ("timeout_add_seconds", ADD),
                ("reserved", POINTER * 3)]


class Purple:
    """The library, its functions declared as they are called first."""

    RESULTS = {"purple_account_new": POINTER, "purple_blist_new": POINTER,
               "purple_savedstatus_new": POINTER,
               "purple_connections_get_handle": POINTER}

    def __init__(self):
        self.library = ctypes.CDLL("libpurple.so.0",
                                   mode=ctypes.RTLD_GLOBAL)     # plugins look here

    def __getattr__(self, name):
        function = getattr(self.library, "purple_" + name)
        function.restype = self.RESULTS.get("purple_" + name, INT)

        def call(*values):
            return function(*(v.encode() if isinstance(v, str) else v
                              if isinstance(v, ctypes._SimpleCData) else
                              ctypes.c_void_p(v) if v is None or v > 2**31
                              else v for v in values))
        return call


def say(*words):
    print(*words, flush=True)


def main(folder, host, port, jid, password, certificate):
    loop, purple, kept = Loop(), Purple(), []
    home = pathlib.Path(folder)
    peers = home / "certificates/x509/tls_peers"
    peers.mkdir(parents=True)
    shutil.copy(certificate, peers / host)
    ops = LoopOps(
        LoopOps.ADD(loop.timeout_add), LoopOps.REMOVE(loop.timeout_remove),
        LoopOps.INPUT_ADD(loop.input_add), LoopOps.REMOVE(loop.input_remove),
        None, LoopOps.ADD(loop.timeout_add_seconds))
    purple.util_set_user_dir(str(home))
    purple.eventloop_set_ui_ops(ctypes.cast(ctypes.pointer(ops), POINTER))
    assert purple.core_init("tertulia-tests"), "libpurple does not start"
    purple.set_blist(ctypes.c_void_p(purple.blist_new()))

    def hear(signal, told, *types):
        callback = ctypes.CFUNCTYPE(None, *types)(told)
        kept.append((callback, ctypes.c_int(0)))
        purple.signal_connect(
            ctypes.c_void_p(purple.connections_get_handle()), signal,
            ctypes.cast(ctypes.pointer(kept[-1][1]), POINTER),
            ctypes.cast(callback, POINTER), None)

    def signed_on(*_):
        say("signed-on")
        loop.is_over = True

    def failed(_connection, number, text, _data):
        say("error", number, (text or b"").decode(errors="replace"))
        loop.is_over = True
    hear("signed-on", signed_on, POINTER, POINTER)
    hear("connection-error", failed, POINTER, INT, TEXT, POINTER)
    account = ctypes.c_void_p(purple.account_new(jid + "/pidgin", "prpl-jabber"))
    purple.account_set_password(account, password)
    purple.account_set_string(account, "connect_server", host)
    purple.account_set_int(account, "port", int(port))
    purple.account_set_string(account, "connection_security", "require_tls")
    purple.account_set_enabled(account, "tertulia-tests", 1)
    status = ctypes.c_void_p(purple.savedstatus_new(None, AVAILABLE))
    purple.savedstatus_activate(status)
    end = time.monotonic() + PATIENCE
    while not loop.is_over and time.monotonic() < end:
        loop.turn()
    if not loop.is_over:
        say("error: nothing happened")
    purple.core_quit()


if __name__ == "__main__":
    main(*sys.argv[1:])
