# SPDX-License-Identifier: Apache-2.0
"""Streams brought to each state in which a peer can misbehave."""

from client import Client
from rawclient import Stream


def fresh(world, person):
    return Stream(world)


def opened(world, person):
    stream = Stream(world)
    stream.opened()
    return stream


def secured(world, person):
    stream = Stream(world)
    stream.secured()
    return stream


def authenticated(world, person):
    stream = Stream(world)
    stream.secured()
    stream.login(person)
    return stream


def bound(world, person):
    return Client(world, person, resource=None)


# In the order of a stream's life; the names are what test ids say.
STATES = {"fresh": fresh, "opened": opened, "secured": secured,
          "authenticated": authenticated, "bound": bound}
OPEN_STATES = [name for name in STATES if name != "fresh"]
