# SPDX-License-Identifier: Apache-2.0
"""A second tertuliad on the directory of a world, with settings of its own.

Cheap (no slapd to start), and nobody else is hurt by what is done to it:

    with Service(world, tmp_path, {"ldap.uri": proxy.uri}) as service:
        Stream(service) …
"""

import os
import pathlib
import signal
import subprocess

from world import (REPORT, TOP, Broken, is_alive, claim,
                   sanitizer_options, wait_for)


def conf_text(text, settings):
    """A configuration with `section.key` settings replaced or added; None
    takes one away."""
    section, lines, todo = None, [], dict(settings)
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        name = f"{section}.{line.partition('=')[0].strip()}"
        if name in todo and "=" in line:
            value = todo.pop(name)
            line = "" if value is None else f"{name.partition('.')[2]} = {value}"
        lines.append(line)
    for name, value in todo.items():
        if value is not None:
            section, _, key = name.partition(".")
            lines += [f"[{section}]", f"{key} = {value}"]
    return "\n".join(lines) + "\n"


def free_ports(count):
    found = []
    port = 20000 + os.getpid() % 5000 * 2
    while len(found) < count:
        port += 1
        if claim(port):
            found.append(port)
    return found


class Service:
    """tertuliad and its two programs, started from an edited configuration.

    It stands in for a World where a Stream wants one: env, domain."""

    def __init__(self, world, folder, settings=None, environment=None):
        self.world = world
        self.folder = pathlib.Path(folder)
        self.settings = settings or {}
        self.environment = environment or {}
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def domain(self):
        return self.env["DOMAIN"]

    @property
    def muc(self):
        return self.env["MUC_DOMAIN"]

    @property
    def conf(self):
        return self.folder / "tertulia.conf"

    @property
    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def write_conf(self, more=None):
        """The world's configuration, ours on top, `more` on top of that."""
        text = (self.world.state / "tertulia.conf").read_text()
        self.conf.write_text(conf_text(text, {
            "server.state_dir": self.folder, "server.control_socket": None,
            "listen.c2s": f"127.0.0.1:{self.env['C2S_PORT']}",
            "listen.c2s_tls": f"127.0.0.1:{self.env['C2S_TLS_PORT']}",
            "listen.web": f"127.0.0.1:{self.web_port}",
            "log.file": self.folder / "log", **self.settings, **(more or {})}))

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        plain, direct, self.web_port = free_ports(3)
        self.env = {**self.world.env, "C2S_PORT": str(plain),
                    "C2S_TLS_PORT": str(direct),
                    "WEB_URL": f"https://localhost:{self.web_port}"}
        self.write_conf()
        variables = {**sanitizer_options(self.folder), **self.environment}
        with open(self.folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                [build() / "tertuliad", "-c", self.conf],
                env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output)
        try:
            wait_for(lambda: (self.folder / "ready").exists()
                     or self.process.poll() is not None, 30)
        except Broken:
            self.stop()
            raise
        if self.process.poll() is not None:
            raise Broken(f"ended by itself:\n{self.output()}{self.log}")
        self.env.update(zip(("IM_PID", "WEB_PID"), self.pids()))
        return self

    def pids(self):
        pairs = dict(line.split("=") for line in
                     (self.folder / "pids").read_text().split())
        return pairs.get("im", "0"), pairs.get("web", "0")

    def pid(self, name):
        return int(self.env[name])

    def output(self):
        return (self.folder / "output").read_text(errors="replace")

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        """Ends it; complains when something was left or broke."""
        if self.process is None or self.process.poll() is not None:
            return
        children = [int(pid) for pid in self.pids()]
        self.process.terminate()
        try:
            assert self.process.wait(60) == 0
        finally:
            self.process.kill()
            left = [pid for pid in children if is_alive(pid)]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        found = [file.read_text(errors="replace")
                 for file in self.folder.glob("sanitizer*")]
        assert not left and not found, (left, found)
        assert not REPORT.search(self.output() + self.log)


def build():
    return pathlib.Path(os.environ.get("BUILD") or TOP / "build")
