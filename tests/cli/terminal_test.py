"""The live view, seen by a terminal: redrawn in place, nothing wraps, and the end stays to be read."""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import threading

from world import CHECKOUT, FAST, STEELYARD, Run, World, function, main, scenario, wait_for

TESTS = []
SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])")


def test(name):
    return lambda fn: TESTS.append((name, fn)) or fn


class Screen:
    """As much of a terminal as the live view may use; anything else is an error."""

    def __init__(self, columns, rows):
        self.resize(columns, rows)
        self.lines = [""] * rows
        self.row = self.column = self.scrolled = 0
        self.errors, self.colors, self.frames, self.seen = [], 0, 0, ""

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows

    def put(self, char):
        if self.column >= self.columns:
            self.errors.append(f"a line wraps: {self.lines[self.row]!r} + {char!r}")
            return
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + char + line[self.column + 1:]
        self.column += 1

    def line_feed(self):
        self.row += 1
        while self.row >= self.rows:
            self.lines.append("")
            self.lines.pop(0)
            self.row -= 1
            self.scrolled += 1

    def control(self, number, letter):
        if letter == "m":
            self.colors += 1
        elif letter == "A":
            if int(number) > self.row:
                self.errors.append(f"moves up {number} lines from line {self.row}")
            self.row = max(0, self.row - int(number))
            self.frames += 1
        elif letter == "K" and number == "":
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif letter == "J" and number == "":
            self.lines[self.row] = self.lines[self.row][: self.column]
            self.lines[self.row + 1:] = [""] * (len(self.lines) - self.row - 1)
        else:
            self.errors.append(f"an unknown sequence: {number}{letter}")

    def feed(self, text):
        self.seen += text
        at = 0
        while at < len(text):
            char = text[at]
            sequence = SEQUENCE.match(text, at)
            if sequence:
                self.control(*sequence.groups())
                at = sequence.end()
                continue
            if char == "\n":
                self.line_feed()
            elif char == "\r":
                self.column = 0
            elif ord(char) < 32 or 0x7F <= ord(char) < 0xA0:
                self.errors.append(f"a control character: {char!r}")
            else:
                self.put(char)
            at += 1

    def text(self):
        return "\n".join(self.lines).rstrip()


class Terminal:
    """A run of the program on a pty of its own, which is its controlling terminal."""

    def __init__(self, world, columns, rows, *words, env=None):
        self.master, slave = pty.openpty()
        self.screen = Screen(columns, rows)
        self.resize(columns, rows)
        self.snapshots = []
        self.idle = False  # all that came has been read
        words = words or ("apply", *CHECKOUT, "--version", "42", *FAST)
        env = world.env(**dict({"TERM": "xterm-256color"}, **(env or {})))
        self.run = Run(world, ["setsid", "--ctty", STEELYARD, *words], env, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        decoder = codecs.getincrementaldecoder("utf-8")()
        rest = ""
        while True:
            try:
                if not select.select([self.master], [], [], 0.2)[0]:
                    self.idle = True
                    continue
                self.idle = False
                data = os.read(self.master, 65536)
            except (OSError, ValueError):
                return
            if not data:
                return
            rest += decoder.decode(data)
            cut = rest.rfind("\x1b") if re.search(r"\x1b(\[\d*)?$", rest) else len(rest)
            self.screen.feed(rest[:cut])
            rest = rest[cut:]
            self.snapshots.append(self.screen.text())

    def type(self, keys):
        os.write(self.master, keys)

    def shows(self, what):
        """Now, or at any time before: a machine under load may look when it is over."""
        wait_for(f"the screen shows {what!r}", lambda: any(what in text for text in list(self.snapshots)), 30)

    def end(self, seconds=40):
        self.run.end(seconds)
        self.thread.join(5)
        os.close(self.master)
        assert not self.screen.errors, self.screen.errors[:3]
        return self.run.code


def check_in_place(screen):
    assert screen.frames >= 3, f"drawn {screen.frames} times only"
    assert screen.scrolled == 0, f"scrolled {screen.scrolled} lines:\n{screen.text()}"
    assert screen.text().count("checkout:production") == 1, screen.text()
    assert screen.lines[0].startswith("  checkout:production"), screen.text()


def healthy(columns, rows):
    @test(f"healthy on {columns}x{rows}")
    def run():
        with World() as world:
            terminal = Terminal(world, columns, rows)
            terminal.shows("Ctrl-C rolls it back")
            terminal.shows("●   10%")
            terminal.shows("✓   10%")
            assert terminal.end() == 0, terminal.screen.text()
            screen = terminal.screen
            check_in_place(screen)
            assert screen.colors > 10
            lines = screen.text().split("\n")
            assert "  PROMOTED" in lines and "✓   50%" in screen.text(), screen.text()
            assert lines[-1].strip().endswith("goes on"), screen.text()


for size in ((80, 24), (40, 10), (200, 50), (24, 8), (64, 12)):
    healthy(*size)


@test("failing on 40x10: the reason is told whole")
def failing():
    with World(scenario(function(error_rate=0.6))) as world:
        terminal = Terminal(world, 40, 10)
        terminal.shows("✗   10%")
        assert terminal.end() == 3, terminal.screen.text()
        check_in_place(terminal.screen)
        text = terminal.screen.text()
        assert "ROLLED_BACK" in text, text
        reason = " ".join(text.split("ROLLED_BACK")[1].split())
        assert reason == world.record()["reason"], (reason, world.record()["reason"])
        assert not any("Ctrl-C" in shot and "rolling back to" in shot for shot in terminal.snapshots)


@test("ten stages on eight lines")
def many_stages():
    with World() as world:
        stages = ",".join(f"{i}%/1s" for i in range(5, 55, 5))
        terminal = Terminal(world, 60, 8, "apply", *CHECKOUT, "--version", "42", *FAST, "--stages", stages)
        assert terminal.end() == 0, terminal.screen.text()
        check_in_place(terminal.screen)
        assert "PROMOTED" in terminal.screen.text()


@test("NO_COLOR gives no colours, and an empty one does")
def no_color():
    with World() as world:
        terminal = Terminal(world, 80, 24, env={"NO_COLOR": "1"})
        assert terminal.end() == 0
        check_in_place(terminal.screen)
        assert terminal.screen.colors == 0, terminal.screen.seen[:400]
    with World() as world:
        terminal = Terminal(world, 80, 24, env={"NO_COLOR": ""})
        assert terminal.end() == 0 and terminal.screen.colors > 10


@test("a terminal that can do nothing gets plain lines")
def dumb():
    for env in ({"TERM": "dumb"}, {"TERM": None}):
        with World() as world:
            terminal = Terminal(world, 300, 50, "apply", *CHECKOUT, "--version", "42", *FAST, "--stages", "50%/2s",
                                env=env)
            assert terminal.end() == 0
            assert "\x1b" not in terminal.screen.seen and "PROMOTED" in terminal.screen.text()


@test("--output json on a terminal is JSON")
def as_json():
    with World() as world:
        terminal = Terminal(world, 2000, 50, "apply", *CHECKOUT, "--version", "42", *FAST, "--stages", "50%/2s",
                            "--output", "json")
        assert terminal.end() == 0
        assert "\x1b" not in terminal.screen.seen and '"outcome":"PROMOTED"' in terminal.screen.text()


@test("Ctrl-C rolls back and says so")
def interrupted():
    with World() as world:
        terminal = Terminal(world, 80, 24, "apply", *CHECKOUT, "--version", "42", *FAST, "--stages", "10%/30s")
        terminal.shows("of 5%")
        terminal.shows("bakes for 30s")
        world.fault("UpdateAlias", "delay", delay_ms=800)
        terminal.type(b"\x03")
        terminal.shows("interrupted: waiting")
        assert terminal.end(10) == 130 and world.alias() == ("41", {}), terminal.screen.text()
        check_in_place(terminal.screen)
        text = terminal.screen.text()
        assert "CANCELLED" in text and "^C" not in text, text


@test("a terminal that is closed rolls back")
def hung_up():
    with World() as world:
        terminal = Terminal(world, 80, 24, "apply", *CHECKOUT, "--version", "42", *FAST, "--stages", "10%/30s")
        terminal.shows("of 5%")
        os.close(terminal.master)
        terminal.run.end(10)
        assert terminal.run.code == 128 + signal.SIGHUP and world.alias() == ("41", {}), terminal.run.code


@test("resized in the middle: nothing wraps")
def resized():
    with World() as world:
        terminal = Terminal(world, 100, 30)
        terminal.shows("of 5%")
        os.kill(terminal.run.pid, signal.SIGSTOP)  # so that no frame is under way
        wait_for("it has stopped", lambda: ") T " in open(f"/proc/{terminal.run.pid}/stat").read())
        wait_for("what it wrote is read", lambda: terminal.idle)
        terminal.resize(50, 20)
        terminal.screen.resize(50, 30)
        os.kill(terminal.run.pid, signal.SIGCONT)
        terminal.shows("✓   10%")
        assert terminal.end() == 0 and "PROMOTED" in terminal.screen.text(), terminal.screen.text()
        assert all(len(line) < 50 for line in terminal.screen.text().split("\n")[12:]), terminal.screen.text()


@test("a terminal without a size")
def no_size():
    with World() as world:
        terminal = Terminal(world, 80, 24)
        terminal.resize(0, 0)
        assert terminal.end() == 0 and "PROMOTED" in terminal.screen.text(), terminal.screen.text()


@test("rollback on a terminal")
def rollback():
    with World() as world:
        assert world.apply("--wait", "none").end().code == 0
        terminal = Terminal(world, 80, 24, "rollback", *CHECKOUT)
        assert terminal.end() == 0 and world.alias() == ("41", {}), terminal.screen.text()
        assert "CANCELLED" in terminal.screen.text() and "Ctrl-C" not in terminal.screen.seen
        refused = Terminal(world, 200, 24, "rollback", "--function", "nope", "--alias", "x")
        assert refused.end() == 5, refused.screen.text()


if __name__ == "__main__":
    main(TESTS, 6)
