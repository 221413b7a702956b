# SPDX-License-Identifier: Apache-2.0
"""WEB-11: whatever the first request is, nothing after it is answered."""

import pytest

SECOND = "GET /style.css HTTP/1.1\r\nHost: {host}\r\n\r\n"
BODY = "name=x"

# The head of a POST without its Host, then what follows the empty line.
VECTORS = {
    "length and chunked": (
        "Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    "chunked and length": (
        "Transfer-Encoding: chunked\r\nContent-Length: 6", "0\r\n\r\n"),
    "two lengths": ("Content-Length: 6\r\nContent-Length: 0", BODY),
    "two lengths alike": ("Content-Length: 6\r\nContent-Length: 6", BODY),
    "a list of lengths": ("Content-Length: 6, 6", BODY),
    "length with a sign": ("Content-Length: +6", BODY),
    "negative length": ("Content-Length: -6", BODY),
    "hexadecimal length": ("Content-Length: 0x6", BODY),
    "length with a space inside": ("Content-Length: 6 6", BODY),
    "huge length": ("Content-Length: 99999999999999999999", BODY),
    "empty length": ("Content-Length: ", BODY),
    "space before the colon": (
        "Transfer-Encoding : chunked\r\nContent-Length: 6", "0\r\n\r\n"),
    "tab before the colon": (
        "Transfer-Encoding\t: chunked\r\nContent-Length: 6", "0\r\n\r\n"),
    "folded coding": (
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 6", "0\r\n\r\n"),
    "folded header": ("X: y\r\n z\r\nContent-Length: 6", BODY),
    "coding twice": (
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "0\r\n\r\n"),
    "coding list": ("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
    "chunked twice": ("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"),
    "identity": ("Transfer-Encoding: identity\r\nContent-Length: 6", BODY),
    "xchunked": ("Transfer-Encoding: xchunked\r\nContent-Length: 6", BODY),
    "vertical tab": ("Transfer-Encoding: \x0bchunked\r\nContent-Length: 6",
                     "0\r\n\r\n"),
    "quoted": ("Transfer-Encoding: \"chunked\"\r\nContent-Length: 6",
               "0\r\n\r\n"),
    "underscore": ("Transfer_Encoding: chunked\r\nContent-Length: 0", ""),
    "line feeds alone": ("Content-Length: 6\nX: y\n", BODY),
    "carriage return alone": (
        "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 6", BODY),
    "no length": ("X: y", ""),
    "length too short": ("Content-Length: 0", ""),
    "bad chunk size": ("Transfer-Encoding: chunked", "zz\r\nname=x\r\n0\r\n\r\n"),
    "chunk extension": (
        "Transfer-Encoding: chunked", "6;x=\"\r\n\"\r\nname=x\r\n0\r\n\r\n"),
    "chunk size overflow": (
        "Transfer-Encoding: chunked",
        "FFFFFFFFFFFFFFFFF6\r\nname=x\r\n0\r\n\r\n"),
    "trailer": ("Transfer-Encoding: chunked",
                "6\r\nname=x\r\n0\r\nContent-Length: 9\r\n\r\n"),
    "connection keep-alive": ("Connection: keep-alive\r\nContent-Length: 6", BODY),
    "upgrade": ("Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 6", BODY),
    "expect": ("Expect: 100-continue\r\nContent-Length: 6", BODY),
}


def answers(got):
    """How many final answers are in these bytes (100 Continue is none)."""
    return got.count(b"HTTP/1.1 ") - got.count(b"HTTP/1.1 100 ")


def test_there_are_enough_vectors():
    assert len(VECTORS) >= 20


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize("first", ["POST /signin", "GET /signin",
                                   "DELETE /api/v1/rooms/x", "TRACE /"])
def test_web_11_no_second_answer(web, name, first):
    head, body = VECTORS[name]
    second = SECOND.format(host=web.host)
    got = web.raw(f"{first} HTTP/1.1\r\nHost: {web.host}\r\n{head}\r\n\r\n"
                  f"{body}{second}".encode("latin-1"))
    assert answers(got) <= 1, got
    assert b"text/css" not in got


@pytest.mark.parametrize("name", VECTORS)
def test_web_11_no_second_answer_when_it_comes_later(web, name):
    """The second request in a packet of its own."""
    head, body = VECTORS[name]
    got = web.raw(f"POST /signin HTTP/1.1\r\nHost: {web.host}\r\n{head}\r\n\r\n"
                  f"{body}".encode("latin-1"),
                  SECOND.format(host=web.host).encode())
    assert answers(got) <= 1, got
    assert b"text/css" not in got


def test_web_11_a_good_request_is_the_only_one_of_its_connection(web):
    got = web.raw(SECOND.format(host=web.host).encode() * 3)
    assert answers(got) == 1
    assert b"\r\nConnection: close\r\n" in got


def test_chunked_alone_is_understood(web):
    got = web.raw(f"POST /signin HTTP/1.1\r\nHost: {web.host}\r\n"
                  "Sec-Fetch-Site: same-origin\r\n"
                  "Content-Type: application/x-www-form-urlencoded\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n"
                  "4\r\nname\r\n2\r\n=x\r\n0\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 403 ")
    assert b"do not open an account" in got


@pytest.mark.parametrize("head", [
    "Content-Length: 6\r\nTransfer-Encoding: chunked",
    "Content-Length: 6\r\nContent-Length: 7",
    "Transfer-Encoding : chunked\r\nContent-Length: 6",
    "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked"])
def test_web_11_contradictions_are_400(web, head):
    got = web.raw(f"POST /signin HTTP/1.1\r\nHost: {web.host}\r\n{head}\r\n\r\n"
                  "name=x".encode())
    assert got.startswith(b"HTTP/1.1 400 "), got[:100]
