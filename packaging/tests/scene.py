"""Hosts on one bridge, each in a network namespace of its own, and what runs on them.

Only for a process in network, mount and process namespaces that packaging/test-scale made: they end with it, and all that it started.
"""
import contextlib
import ctypes
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("GATEKEEPERD", f"{ROOT}/.build/release/gatekeeperd")
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """What was to be shown isn't so."""


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stdout}")
    return done.stdout


def eventually(what, condition, seconds=20.0, every=0.02):
    """The first true answer; a Failure if there is none in time."""
    end = time.monotonic() + seconds
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > end:
            raise Failure(f"not within {seconds:g} s: {what}")
        time.sleep(every)


class Host:
    """A network namespace with one line, eth0, to the bridge br0."""

    def __init__(self, name, *addresses):
        self.name = name
        run("ip", "netns", "add", name)
        run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", f"to-{name}", "master", "br0", "up")
        for device in ("lo", "eth0"):
            self.run("ip", "link", "set", device, "up")
        for address in addresses:
            self.run("ip", "address", "add", f"{address}/24", "dev", "eth0", "nodad")

    def run(self, *command):
        return run("ip", "netns", "exec", self.name, *command)

    def start(self, *command, log):
        """A process on this host; what it says goes to the file `log`."""
        with open(log, "ab") as out:
            return subprocess.Popen(["ip", "netns", "exec", self.name, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def line(self, state):
        """Cuts or mends the line at the bridge's end, as who pulls a cable does."""
        run("ip", "link", "set", f"to-{self.name}", state)

    def has(self, address):
        return f" {address}/" in self.run("ip", "-o", "address", "show", "dev", "eth0")

    @contextlib.contextmanager
    def entered(self):
        """This thread's new sockets belong to the host."""
        with open("/proc/thread-self/ns/net") as before, open(f"/run/netns/{self.name}") as here:
            enter(here)
            try:
                yield
            finally:
                enter(before)

    def connect(self, address, port, seconds, source=None):
        with self.entered():
            return socket.create_connection((address, port), timeout=seconds, source_address=(source, 0) if source else None)

    def get(self, address, port, path, seconds=2.0):
        """The status and text of a plain HTTP answer, or None if there is no answer."""
        try:
            with self.connect(address, port, seconds) as peer:
                # Version 1.0, so that nothing comes in chunks.
                peer.sendall(f"GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
                text = b"".join(iter(lambda: peer.recv(65536), b"")).decode()
        except OSError:
            return None
        head, _, body = text.partition("\r\n\r\n")
        return int(head.split()[1]), body


def enter(namespace):
    if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def bridge():
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "stp_state", "0")
    run("ip", "link", "set", "br0", "up")


class Upstream:
    """A ticket API: /slow?N,BYTES answers after N milliseconds with so many bytes, everything else at once with the client's address."""

    def __init__(self, host, address, port=8080):
        self.answered = 0
        with host.entered():
            self.listener = socket.create_server((address, port), backlog=1024)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with peer, contextlib.suppress(OSError, ValueError):
            reader = peer.makefile("rb")
            while line := reader.readline():
                _, target, _ = line.split()
                fields = {}
                while (line := reader.readline().strip()):
                    name, _, value = line.partition(b":")
                    fields[name.lower()] = value.strip()
                reader.read(int(fields.get(b"content-length", 0)))
                body = b'{"from":"%s"}' % fields.get(b"x-forwarded-for", b"")
                if target.startswith(b"/slow?"):
                    milliseconds, size = target[6:].split(b",")
                    time.sleep(int(milliseconds) / 1000)
                    body = bytes(int(size))
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                self.answered += 1
                if fields.get(b"connection", b"").lower() == b"close":
                    break


class Door:
    """The daemon on a host, by a configuration file."""

    def __init__(self, host, folder, configuration):
        self.host, self.folder = host, folder
        os.makedirs(folder, exist_ok=True)
        self.file, self.log = f"{folder}/gatekeeper.yaml", f"{folder}/log"
        with open(self.file, "w") as out:
            out.write(configuration)
        self.process = None

    def start(self):
        open(self.log, "a").close()
        begun = len(self.lines())
        self.process = self.host.start(BINARY, "run", "--config", self.file, log=self.log)
        eventually(
            f"the door on {self.host.name} starts: see {self.log}",
            lambda: self.process.poll() is None and any(line["event"] == "started" for line in self.lines()[begun:]))

    def lines(self, event=None):
        with open(self.log) as text:
            lines = [json.loads(line) for line in text if line.startswith("{") and line.endswith("}\n")]
        return [line for line in lines if event in (None, line["event"])]

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait(10)


class Client:
    """A TLS client on a host, whose requests have Host: localhost or another name."""

    def __init__(self, host, certificates, address, port=443, source=None, name="localhost"):
        self.host, self.address, self.port, self.source, self.name = host, address, port, source, name
        self.context = ssl.create_default_context(cafile=f"{certificates}/ca.pem")
        self.peer = self.reader = None

    def close(self):
        if self.peer:
            self.peer.close()
        self.peer = self.reader = None

    def request(self, target="/", seconds=2.0, body=None):
        """Sends one request, on the connection of the last one where that is still good, and returns status and body."""
        if not self.peer:
            plain = self.host.connect(self.address, self.port, seconds, self.source)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.peer = self.context.wrap_socket(plain, server_hostname=self.name)
            self.reader = self.peer.makefile("rb")
        self.peer.settimeout(seconds)
        head = f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\nHost: {self.name}\r\n"
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        self.peer.sendall(head.encode() + b"\r\n" + (body or b""))
        status = self.reader.readline().split()
        if len(status) < 2:
            raise ConnectionResetError("closed without an answer")
        length, closes = 0, False
        while line := self.reader.readline().strip().lower():
            name, _, value = line.partition(b":")
            if name == b"content-length":
                length = int(value)
            closes |= name == b"connection" and value.strip() == b"close"
        answer = self.reader.read(length)
        if len(answer) < length:
            raise ConnectionResetError("closed within an answer")
        if closes:
            self.close()
        return int(status[1]), answer

    def try_once(self, target="/", seconds=0.5):
        """Whether a request over a new connection is answered 200."""
        self.close()
        try:
            return self.request(target, seconds)[0] == 200
        except OSError:
            return False
        finally:
            self.close()

    def until_served(self, since, seconds=20.0):
        """Seconds from `since` to the answer to the first request that was begun after it and is answered."""
        eventually("a request is served", self.try_once, seconds, every=0.01)
        return time.monotonic() - since


class Underway:
    """A request that is sent and not answered yet, in a thread of its own."""

    def __init__(self, client, target, seconds):
        self.ending = None
        self.began = time.monotonic()

        def ask():
            try:
                status, _ = client.request(target, seconds)
                ending = f"answered {status}"
            except TimeoutError:
                ending = "nothing: only its own timeout ends it"
            except OSError as error:
                ending = f"cut ({error.strerror or error})"
            self.ending = ending, time.monotonic()

        self.thread = threading.Thread(target=ask, daemon=True)
        self.thread.start()

    def result(self, since, seconds=60):
        self.thread.join(seconds)
        if not self.ending:
            raise Failure("the request under way hangs")
        return f"{self.ending[0]}, {self.ending[1] - since:.1f} s after it"


def certificates(folder):
    run(f"{ROOT}/certs-dev/make-certs.sh", folder)
    return folder


def say(text):
    print(text, flush=True)


def expect(is_so, text):
    say(f"  {'ok' if is_so else 'FAILED'}: {text}")
    if not is_so:
        raise Failure(text)
