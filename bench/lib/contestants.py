"""The three proxies: how each is configured for the same job, started, checked and stopped."""

from __future__ import annotations

import getpass
import os
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from . import cpu
from .failure import Failure
from .workbench import Workbench, free_port, program, run, stop

# wrk and h2load can't choose their source address, and then it is 127.0.0.1.
ALLOWED = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
ADMITTED_SOURCE = "127.0.0.2"
DENIED_SOURCE = "127.0.0.9"
WORKERS = 2


class Contestant:
    """One running proxy. Subclasses say how it is configured and called."""

    name = ""
    denies_before_tls = True
    workers = WORKERS
    runs_under: list[str] = []  # a program that it is started by, with that program's arguments
    patience_seconds = 10

    def __init__(self, workbench: Workbench):
        self.workbench = workbench
        self.port = free_port()
        self.folder = workbench.folder / f"{self.name}-{self.port}"
        self.folder.mkdir()
        self.access_log = self.folder / "access.log"
        self.process: subprocess.Popen | None = None

    # What subclasses provide

    @classmethod
    def executable(cls) -> str | None:
        return program(cls.name)

    @classmethod
    def version(cls) -> str:
        raise NotImplementedError

    def configuration(self) -> str:
        raise NotImplementedError

    def arguments(self, configuration: Path) -> list[str]:
        raise NotImplementedError

    # Life

    def start(self) -> None:
        configuration = self.folder / "configuration"
        configuration.write_text(self.configuration())
        with open(self.folder / "stdout.log", "ab") as output, open(self.folder / "stderr.log", "ab") as errors:
            self.process = subprocess.Popen([*self.runs_under, self.executable(), *self.arguments(configuration)],
                                            stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        self._wait_until_ready()
        self._check_admission()

    def stop(self) -> None:
        if self.process:
            stop(self.process)

    def cpu(self) -> cpu.Snapshot:
        self.check_running()
        return cpu.snapshot(self.process.pid)

    def resident_kilobytes(self) -> int:
        self.check_running()
        return cpu.resident_kilobytes(self.process.pid)

    def check_running(self) -> None:
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with status {self.process.returncode}")

    def last_words(self) -> str:
        """The ends of its logs, for the message that says what failed."""
        words = []
        for path in sorted(self.folder.glob("*.log")):
            with open(path, "rb") as log:
                log.seek(max(0, path.stat().st_size - 2000))
                words += [f"{path.name}: {line}" for line in log.read().decode(errors="replace").splitlines()[-8:]]
        return "\n".join(words)

    # Access log

    def empty_access_log(self) -> None:
        """Keeps the disk out of the measurements; every contestant appends, so it goes on from the start."""
        if self.access_log.exists():
            os.truncate(self.access_log, 0)

    def access_log_lines(self) -> int:
        with open(self.access_log, "rb") as log:
            return sum(block.count(b"\n") for block in iter(lambda: log.read(1 << 20), b""))

    # Checks

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.patience_seconds
        while True:
            self.check_running()
            try:
                answer = self._ask(ADMITTED_SOURCE)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Failure(f"{self.name} does not serve after {self.patience_seconds} s: {error}") from None
                time.sleep(0.05)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise Failure(f"{self.name} answers an admitted source with {answer[:200]!r}")

    def _check_admission(self) -> None:
        try:
            answer = self._ask(DENIED_SOURCE)
        except OSError:
            answer = b""
        if self.denies_before_tls and answer:
            raise Failure(f"{self.name} answers a denied source with {answer[:200]!r}")
        if not self.denies_before_tls and not answer.startswith(b"HTTP/1.1 403"):
            raise Failure(f"{self.name} answers a denied source with {answer[:200]!r} instead of 403")

    def _ask(self, source: str) -> bytes:
        context = ssl.create_default_context(cafile=str(self.workbench.certificate))
        with socket.create_connection(("127.0.0.1", self.port), timeout=self.patience_seconds, source_address=(source, 0)) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return connection.recv(4096)


class Gatekeeper(Contestant):
    name = "gatekeeper"
    upstream_settings = ""
    allow_settings = ", ".join(ALLOWED)
    more_settings = ""

    @classmethod
    def executable(cls) -> str | None:
        built = Path(__file__).resolve().parents[2] / ".build/release/gatekeeperd"
        path = Path(os.environ.get("GATEKEEPERD") or built)
        return str(path.resolve()) if path.is_file() and os.access(path, os.X_OK) else None

    @classmethod
    def version(cls) -> str:
        try:
            return run([cls.executable(), "--version"]).strip()
        except Failure:
            return "of unknown version"

    def configuration(self) -> str:
        return f"""\
listen: [{{address: "127.0.0.1:{self.port}"}}]
tls: {{certificate: {self.workbench.certificate}, key: {self.workbench.key}}}
allow: [{self.allow_settings}]
shield: off
upstream: {{url: "http://127.0.0.1:{self.workbench.upstream_port}"{self.upstream_settings}}}
limits: {{request_body: 4GiB, connections: 20000, connections_per_source: 20000}}
log: {{to: {self.access_log}, access: true}}
workers: {self.workers}
control: {self.folder}/control.sock
{self.more_settings.format(folder=self.folder)}"""

    def arguments(self, configuration: Path) -> list[str]:
        return ["run", "--config", str(configuration)]

    @contextmanager
    def challenge(self) -> Iterator[None]:
        """A window for an authority's TLS-ALPN-01 is open meanwhile."""
        command = [self.executable(), "challenge", "{}", "localhost", "--control", f"{self.folder}/control.sock"]
        run([word.format("open") for word in command] + ["--digest", "00" * 32])
        try:
            yield
        finally:
            run([word.format("close") for word in command])


class GatekeeperReusing(Gatekeeper):
    """The same, told that the upstream reads bodies. Nobody else asks: nginx (as configured here) and HAProxy reuse always."""

    name = "gatekeeper-reusing"
    upstream_settings = ", reuse_after_body: true"


class GatekeeperLabelled(Gatekeeper):
    """The same with labels in its allow-list, and so in its log."""

    name = "gatekeeper-labelled"
    allow_settings = ", ".join(f"{{address: {address}, label: Bench}}" for address in ALLOWED) + ", {address: 192.0.2.1, label: Other}"


class GatekeeperWatching(GatekeeperLabelled):
    """The same with routes per source, learning, and the rhythm of each source in the ledger. Nobody else has them."""

    name = "gatekeeper-watching"
    more_settings = """\
routes: [{{preset: halopsa, from: [Other]}}, {{methods: [GET], path: "/", from: [Bench]}}]
learn: true
state: {folder}/state
"""


class Nginx(Contestant):
    name = "nginx"
    denies_before_tls = False

    @classmethod
    def version(cls) -> str:
        result = subprocess.run([cls.executable(), "-v"], stderr=subprocess.PIPE, text=True, check=True)
        return result.stderr.strip().rpartition("/")[2]

    def configuration(self) -> str:
        allowed = "".join(f"        allow {address};\n" for address in ALLOWED)
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        temporary = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        return f"""\
{user}
daemon off;
master_process {"on" if self.workers > 1 else "off"};
worker_processes {self.workers};
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log {self.access_log};
{temporary}
    keepalive_timeout 75s;
    keepalive_requests 1000000;
    upstream ticket_api {{
        server 127.0.0.1:{self.workbench.upstream_port};
        keepalive 64;
        keepalive_requests 1000000;
        keepalive_timeout 60s;
    }}
    server {{
        listen 127.0.0.1:{self.port} ssl;
        ssl_certificate {self.workbench.certificate};
        ssl_certificate_key {self.workbench.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        client_max_body_size 0;
{allowed}        deny all;
        location / {{
            proxy_pass http://ticket_api;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto https;
        }}
    }}
}}
"""

    def arguments(self, configuration: Path) -> list[str]:
        # -e: without it nginx first opens the error log that was compiled in, which may not be ours to write.
        return ["-c", str(configuration), "-p", str(self.folder), "-e", str(self.folder / "error.log")]


class HAProxy(Contestant):
    name = "haproxy"

    def __init__(self, workbench: Workbench):
        super().__init__(workbench)
        self.access_log = self.folder / "stdout.log"

    @classmethod
    def version(cls) -> str:
        return run([cls.executable(), "-v"]).split()[2]

    def configuration(self) -> str:
        allowed, certificate = self.folder / "allowed.lst", self.folder / "chain-and-key.pem"
        allowed.write_text("".join(f"{address}\n" for address in ALLOWED))
        certificate.write_text(self.workbench.certificate.read_text() + self.workbench.key.read_text())
        # HAProxy can't open a log file. Its standard output is one here, written to as nginx writes to its own; a syslog
        # socket would cost a third process and lose lines under load.
        return f"""\
global
    nbthread {self.workers}
    maxconn 8192
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    option dontlognull
    timeout connect 5s
    timeout client 75s
    timeout server 60s
    timeout http-keep-alive 75s
frontend tls
    bind 127.0.0.1:{self.port} ssl crt {certificate} ssl-min-ver TLSv1.2
    tcp-request connection reject unless {{ src -f {allowed} }}
    option forwardfor
    http-request set-header X-Forwarded-Proto https
    default_backend ticket_api
backend ticket_api
    http-reuse always
    server upstream 127.0.0.1:{self.workbench.upstream_port} pool-max-conn {64 * self.workers} pool-purge-delay 60s
"""

    def arguments(self, configuration: Path) -> list[str]:
        return ["-db", "-f", str(configuration)]


CONTESTANTS: dict[str, type[Contestant]] = {kind.name: kind for kind in (Gatekeeper, Nginx, HAProxy)}


@contextmanager
def running(kind: type[Contestant], workbench: Workbench) -> Iterator[Contestant]:
    contestant = kind(workbench)
    try:
        try:
            contestant.start()
        except Failure as failure:
            raise Failure(f"{failure}\n{contestant.last_words()}") from None
        yield contestant
    finally:
        contestant.stop()
