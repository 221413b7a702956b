# SPDX-License-Identifier: Apache-2.0
"""[ldap] deref: OpenLDAP tells of changes only where no alias is followed in the search
(RFC 4533 has nothing of aliases); otherwise it is asked."""

import pytest

from client import Client, pushes
from live import roster, watching
from service import Service
from test_live_account import closed
from world import wait_for


@pytest.mark.parametrize("deref", ["base", "search", "always"])
def test_changes_are_heard_of(make_world, tmp_path, deref):
    world = make_world()
    with Service(world, tmp_path, {"ldap.deref": deref, "ldap.poll_interval": "1s"}) as one:
        watching(one)
        with Client(one, world.person()) as ann, Client(one, world.person()) as bob:
            for client in ann, bob:
                client.come().items()
            roster(world, ann.person, add=["eva@otra.example none 0 0 -"])
            wait_for(lambda: pushes(ann.sync()))
            world.modify(bob.person.dn, pwdAccountLockedTime=["000001010000Z"])
            closed(bob)
        assert one.log.count("ldap-watch-ended") < 4
