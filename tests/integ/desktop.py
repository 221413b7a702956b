# SPDX-License-Identifier: Apache-2.0
"""A desktop for programs with windows: Debian's Xvfb and a session bus.

    with Desktop(folder) as desktop:
        desktop.start("dino-im", HOME=…)
        desktop.shows("Connected")      # waits until it stands in a window
        desktop.activate("im.dino.Dino", "accounts")
        desktop.shot("/tmp/window.png") # to look at it oneself

Windows are read as a screen reader reads them (AT-SPI), so that a test says
what a person sees and no picture has to be compared.  Nothing here needs a
right or a namespace; all of it ends with the `with`.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import dbus
import dbus.bus

from world import session_processes, wait_for

PROGRAMS = ("Xvfb", "dbus-daemon", "dino-im")
ACCESSIBLE = "org.a11y.atspi.Accessible"
PROPERTIES = "org.freedesktop.DBus.Properties"
ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
PATIENCE = 90               # seconds; an instrumented service, four at a time


def is_installed():
    return all(shutil.which(name) for name in PROGRAMS)


class Desktop:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.programs = []              # the last is ended first
        self._accessibility = None

    # ---- life ----

    def __enter__(self):
        # a socket's path is short, a test's folder is not
        self.runtime = tempfile.mkdtemp(prefix="desktop-")
        self.environment = {
            **os.environ, "XDG_RUNTIME_DIR": self.runtime, "LC_ALL": "C.UTF-8",
            "GDK_BACKEND": "x11", "GSK_RENDERER": "cairo", "GTK_A11Y": "atspi",
            "GSETTINGS_BACKEND": "memory"}
        for name in ("WAYLAND_DISPLAY", "DISPLAY", "XDG_DATA_HOME",
                     "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            self.environment.pop(name, None)
        try:
            # without a reset, which refuses who comes just then, each time the
            # only client has gone
            number = self._told("Xvfb", "-displayfd", "1", "-nolisten", "tcp",
                                "-noreset", "-screen", "0", "1280x900x24")
            self.environment["DISPLAY"] = f":{number}"
            self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._told(
                "dbus-daemon", "--session", "--nofork", "--nopidfile",
                "--print-address=1")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """Each program is a session with what it started, and what the bus
        started belongs to the bus."""
        self._accessibility = None
        for program in reversed(self.programs):
            for pid, _ in session_processes(program.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            program.wait()
            if program.stdout:
                program.stdout.close()
        shutil.rmtree(self.runtime, ignore_errors=True)

    def _told(self, *words):
        """Starts what says on its first line where it is to be found."""
        with open(self.folder / f"{words[0]}.out", "wb") as out:
            program = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=out, start_new_session=True)
        self.programs.append(program)
        line = program.stdout.readline().decode().strip()
        assert line, (self.folder / f"{words[0]}.out").read_text()
        return line

    def start(self, *words, **variables):
        """A program with a window; what it says goes to a file of its name."""
        with open(self.folder / f"{words[0]}.out", "wb") as out:
            self.programs.append(subprocess.Popen(
                words, env={**self.environment, **variables}, stdout=out,
                stdin=subprocess.DEVNULL, stderr=out, start_new_session=True))
        return self.programs[-1]

    # ---- the bus ----

    def bus(self):
        return dbus.bus.BusConnection(
            self.environment["DBUS_SESSION_BUS_ADDRESS"])

    def activate(self, application, action):
        """One of GApplication's actions, as from a menu of the desktop."""
        path = "/" + application.replace(".", "/")
        self.bus().get_object(application, path, introspect=False).Activate(
            action, dbus.Array([], "v"), dbus.Dictionary({}, "sv"),
            dbus_interface="org.gtk.Actions")

    # ---- what stands in the windows ----

    def _accessible(self):
        if self._accessibility is None:
            address = self.bus().get_object("org.a11y.Bus", "/org/a11y/bus") \
                .GetAddress(dbus_interface="org.a11y.Bus")
            self._accessibility = dbus.bus.BusConnection(address)
        return self._accessibility

    def _walk(self, place=ROOT):
        """The name of all there is; what goes meanwhile is passed over."""
        one = self._accessible().get_object(*place, introspect=False)
        try:
            name = str(one.Get(ACCESSIBLE, "Name", dbus_interface=PROPERTIES))
            children = one.GetChildren(dbus_interface=ACCESSIBLE)
        except dbus.DBusException:
            return
        yield name
        for child in children:
            yield from self._walk(child)

    def texts(self):
        """Every text in every window, in order."""
        return [name for name in self._walk() if name]

    def shows(self, text, within=PATIENCE):
        """Waits for a piece of text."""
        wait_for(lambda: any(text in name for name in self.texts()), within, 0.2)

    def shows_not(self, text, within=PATIENCE):
        wait_for(lambda: not any(text in name for name in self.texts()), within,
                 0.2)

    def shot(self, path):
        """A picture of the screen, with ImageMagick where it is installed."""
        subprocess.run(["import", "-window", "root", path], check=True,
                       env=self.environment)
