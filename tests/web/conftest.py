# SPDX-License-Identifier: Apache-2.0
"""What the tests of the web process share."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from browser import Api, Browser, Web                           # noqa: E402


@pytest.fixture
def web(world):
    return Web(world)


@pytest.fixture
def api(world):
    return Api(world)


@pytest.fixture
def visitor(world):
    return Browser(world)


@pytest.fixture
def admin(world):
    """An administrator who has just signed in."""
    browser = Browser(world).sign_in()
    assert browser.path == "/people", browser.answer.text
    return browser
