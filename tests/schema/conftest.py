# SPDX-License-Identifier: Apache-2.0
"""One directory for all tests of a pytest process."""

import pytest

from directory import Directory


@pytest.fixture(scope="session")
def directory(tmp_path_factory):
    one = Directory(tmp_path_factory.mktemp("slapd")).start()
    yield one
    assert one.stop().returncode == 0
