# SPDX-License-Identifier: Apache-2.0
"""What the web process asks of the im process, and tells it."""

import time

import pytest

from world import wait_for


def test_who_is_online_is_shown(world, admin, login):
    person = world.person()
    client = login(person, resource="móvil <b>")
    client.come()
    admin.get("/online")
    assert person.jid in admin.page.text
    assert "móvil <b>" in admin.page.text
    assert "Available" in admin.page.text and "just now" in admin.page.text
    client.cut()
    wait_for(lambda: person.jid not in (admin.get("/online"),
                                        admin.page.text)[1])


@pytest.mark.parametrize("act", ["suspend", "delete", "api"])
def test_suspended_or_deleted_people_are_cut_off_at_once(world, admin, api,
                                                         login, act):
    person = world.person()
    client = login(person).come()
    if act == "api":
        assert api.call("PATCH", f"/accounts/{person.uid}",
                        {"status": "suspended"}).status == 200
    elif act == "suspend":
        admin.get(f"/people/{person.uid}")
        admin.submit(f"/people/{person.uid}/status")
    else:
        admin.get(f"/people/{person.uid}/delete")
        admin.submit(f"/people/{person.uid}/delete")
    # The answer came after the streams were closed.
    assert person.jid not in [s["jid"] for s in api.call("GET", "/sessions").json()]
    client.cut()


def test_im_process_away_is_said(new_world):
    import os
    import signal
    from browser import Api, Browser
    world = new_world()
    world.expects_deaths = True
    admin = Browser(world).sign_in()
    pid = world.pid("IM_PID")
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    admin.get("/online")
    assert time.monotonic() - began < 5
    assert admin.answer.status == 503
    assert "cannot be asked just now" in admin.page.text
    assert Api(world).call("GET", "/sessions").status == 503
    # What needs only the directory goes on.
    person = world.person()
    admin.get(f"/people/{person.uid}")
    admin.submit(f"/people/{person.uid}/account")
    assert world.profile(person)["imStatus"] == ["active"]
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: admin.get("/online").status == 200, 10)
