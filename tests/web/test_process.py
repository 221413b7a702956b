# SPDX-License-Identifier: Apache-2.0
"""The web process itself: certificates, reload, the end, and what it may."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest

from browser import Api, Browser, Web
from faults import Proxy
from service import Service, free_ports
from world import is_alive, wait_for


@pytest.fixture
def service(world, tmp_path):
    with Service(world, tmp_path / "service") as found:
        yield found


def served(web):
    """The fingerprint of the certificate that is presented."""
    with web.connect() as stream:
        return stream.getpeercert(binary_form=True)


def test_reload_takes_a_new_certificate_and_keeps_people_signed_in(world, service,
                                                                   tmp_path):
    folder = tmp_path / "tls"
    folder.mkdir()
    ca = pathlib.Path(world.env["CA_FILE"]).parent
    subprocess.run(f"""cd {folder} && umask 077 &&
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -subj /CN=new -keyout key.pem -out req.pem 2>/dev/null &&
        printf 'subjectAltName=DNS:localhost' >ext &&
        openssl x509 -req -in req.pem -CA {ca}/ca.pem -CAkey {ca}/ca.key \
            -set_serial 0x7777 -days 30 -extfile ext -out cert.pem 2>/dev/null
        """, shell=True, check=True)
    browser = Browser(service).sign_in()
    before = served(browser)
    service.write_conf({"tls.certificate": folder / "cert.pem",
                        "tls.key": folder / "key.pem"})
    service.hup()
    wait_for(lambda: served(browser) != before)
    assert browser.get("/people").status == 200 and browser.path == "/people"


def test_reload_with_a_key_that_does_not_fit_changes_nothing(world, service,
                                                             tmp_path):
    web = Web(service)
    before = served(web)
    key = tmp_path / "other.key"
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "EC",
                    "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
                   check=True)
    key.chmod(0o600)
    service.write_conf({"tls.key": key})
    service.hup()
    wait_for(lambda: service.log.count("reload-refused") >= 1)
    assert served(web) == before
    assert web.request("GET", "/signin").status == 200


@pytest.mark.parametrize("wrong", ["password", "ca", "uri", "base"])
def test_reload_that_no_directory_lets_in_changes_nothing(world, service, tmp_path, wrong):
    """While the one in use answers."""
    file = tmp_path / "wrong"
    file.write_text("wrong\n")
    file.chmod(0o600)
    if wrong == "ca":
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=another",
                        "-keyout", os.devnull, "-out", file], check=True,
                       stderr=subprocess.DEVNULL)
    service.write_conf({
        "password": {"web.bind_password_file": file},
        "ca": {"ldap.ca_file": file},
        "base": {"ldap.people_base": f"ou=nadie,{world.env['LDAP_BASE']}"},
        "uri": {"ldap.uri": f"ldap://127.0.0.1:{free_ports(1)[0]}"}}[wrong])
    api, seen = Api(service), service.log.count("reload-refused web")
    service.hup()
    while service.log.count("reload-refused web") == seen:
        assert api.call("GET", "/accounts?limit=1").status == 200
        time.sleep(0.2)
    assert api.call("GET", "/accounts?limit=1").status == 200
    service.write_conf({})
    service.hup()
    wait_for(lambda: "info reload web" in service.log, 30)
    assert api.call("GET", "/accounts?limit=1").status == 200


def test_reload_takes_new_hosts(service):
    web = Web(service)
    ask = [("Host", "otro.example")]
    assert web.request("GET", "/signin", ask, host=False).status == 421
    service.write_conf({"web.hosts": "otro.example"})
    service.hup()
    wait_for(lambda: web.request("GET", "/signin", ask,
                                 host=False).status == 200, 10)


def test_many_reloads_while_people_work(service):
    api, faults, stop = Api(service), [], threading.Event()

    def work():
        while not stop.is_set():
            status = api.call("GET", "/accounts?limit=1").status
            if status != 200:
                faults.append(status)
    worker = threading.Thread(target=work)
    worker.start()
    for _ in range(6):
        service.hup()
        time.sleep(0.3)
    stop.set()
    worker.join()
    assert not faults


def test_web_03_signing_out_while_another_tab_waits_for_its_page(world, tmp_path):
    """The page comes, and knows that nobody is signed in any more."""
    with Proxy(world.env["LDAP_URI"].rpartition(":")[2]) as proxy, \
            Service(world, tmp_path / "service", {"ldap.uri": proxy.uri}) as service:
        tab = Browser(service).sign_in()
        other = Browser(service)
        other.cookies = dict(tab.cookies)
        other.get("/me")
        cookies = "; ".join(f"{k}={v}" for k, v in tab.cookies.items())
        with tab.connect() as stream:
            proxy.hold()
            stream.sendall(f"GET /people?q=lucia HTTP/1.1\r\nHost: {tab.host}\r\n"
                           f"Cookie: {cookies}\r\n\r\n".encode())
            other.submit("/signout")            # asks no directory
            assert other.path == "/signin"
            proxy.release()
            page = ""
            while "</html>" not in page:
                more = stream.recv(1 << 16)
                assert more, page
                page += more.decode()
        assert page.startswith("HTTP/1.1 200 ") and "lucia" in page
        assert 'action="/signout"' not in page


@pytest.mark.parametrize("busy", [False, True])
def test_rel_16_term_ends_within_five_seconds(world, service, busy):
    web = Web(service)
    streams = [web.connect() for _ in range(3)]
    if busy:                    # a request whose answer is being waited for
        streams[0].sendall(
            f"POST /signin HTTP/1.1\r\nHost: {web.host}\r\n"
            "Sec-Fetch-Site: same-origin\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: 17\r\n\r\nname=x&password=y".encode())
        time.sleep(0.1)
    pid = service.pid("WEB_PID")
    began = time.monotonic()
    service.process.terminate()
    wait_for(lambda: not is_alive(pid), 6)
    assert time.monotonic() - began < 5
    if busy:
        assert streams[0].recv(65536).startswith(b"HTTP/1.1 403 ")
    assert service.process.wait(15) == 0


def test_web_process_comes_back_and_the_im_process_is_not_touched(service):
    im, web = service.pids()
    os.kill(int(web), signal.SIGKILL)
    wait_for(lambda: service.pids()[1] not in (web, None)
             and service.pids()[0] == im, 10)
    wait_for(lambda: answers(service))
    assert is_alive(int(im))


def answers(service):
    try:
        return Web(service).request("GET", "/signin").status == 200
    except (OSError, AssertionError):
        return False


def test_web_19_24_it_opens_and_runs_nothing_while_serving(service):
    """Open files: the log, sockets, nothing else; and no child."""
    pid = service.pid("WEB_PID")
    Browser(service).sign_in().get("/rooms")
    names = {os.readlink(fd) for fd in
             pathlib.Path(f"/proc/{pid}/fd").iterdir()}
    odd = [n for n in names if n.startswith("/") and n != "/dev/null"
           and n != str(service.folder / "log")
           and n != str(service.folder / "output")]
    assert not odd
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    assert children == ""


def test_web_24_the_im_password_is_not_in_its_memory(world, service):
    """A separate process with a separate secret (needs to read its memory)."""
    pid = service.pid("WEB_PID")
    Browser(service).sign_in()
    secret = (world.state / "secrets/im").read_bytes().strip()
    own = (world.state / "secrets/im-web").read_bytes().strip()
    assert secret not in memory(pid)
    assert own != secret


def memory(pid):
    found = b""
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
            for line in maps:
                area, rights, *_ = line.split()
                start, end = (int(x, 16) for x in area.split("-"))
                if "rw" in rights and end - start < 1 << 28:
                    try:
                        mem.seek(start)
                        found += mem.read(end - start)
                    except OSError:
                        pass
    except PermissionError:
        pytest.skip("not allowed to read a process's memory")
    return found


def test_ops_14_odd_environment_is_not_followed(world, tmp_path):
    """LDAPCONF, SSLKEYLOGFILE and their like reach neither program."""
    keys = tmp_path / "keys"
    with Service(world, tmp_path / "service", environment={
            "SSLKEYLOGFILE": str(keys), "LDAPURI": "ldap://127.0.0.1:1",
            "LDAPTLS_REQCERT": "never", "OPENSSL_CONF": "/nonexistent",
            "GNUTLS_SYSTEM_PRIORITY_FILE": "/nonexistent"}) as service:
        assert Browser(service).sign_in().path == "/people"
        environment = pathlib.Path(
            f"/proc/{service.pid('WEB_PID')}/environ").read_bytes()
    for name in (b"SSLKEYLOGFILE", b"LDAPURI", b"LDAPTLS", b"OPENSSL_CONF",
                 b"GNUTLS_SYSTEM"):
        assert name not in environment
    assert b"LDAPNOINIT=1" in environment
    assert not keys.exists()


def test_no_administrators_group_no_administrator(world, tmp_path):
    with Service(world, tmp_path / "service", {"web.admin_group": ""}) as service:
        browser = Browser(service).sign_in()
        assert browser.path == "/me"
        assert browser.get("/people").status == 403
        assert Api(service).call("GET", "/rooms").status == 403


def test_people_are_made_only_where_policy_says_so(world, tmp_path):
    with Service(world, tmp_path / "service", {"web.people_create": "no"}) as service:
        api = Api(service)
        uid = world.name("api")
        answer = api.call("POST", "/accounts", {
            "uid": uid, "sn": "x", "mail": "x@y.example"})
        assert answer.status == 422
        assert [e["field"] for e in answer.json()["errors"]] == ["uid"]
        assert not world.search(f"uid={uid},{world.env['PEOPLE_BASE']}")
        person = world.person()
        assert api.call("POST", "/accounts", {"uid": person.uid}).status == 201
        browser = Browser(service).sign_in()
        assert "/create/person" not in browser.page.links
        assert browser.get("/create/person").status == 403


def test_ipv6_too(world):
    try:
        web = Web(world, address="::1")
        assert web.request("GET", "/signin").status == 200
    except OSError as why:
        if socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists() \
                and "1 " in pathlib.Path("/proc/net/if_inet6").read_text():
            raise
        pytest.skip(f"no IPv6 here: {why}")
