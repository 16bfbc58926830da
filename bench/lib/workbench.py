"""What every measurement needs: the programs, the load generators, a certificate, the upstream and a folder for it all."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from .failure import Failure

SOURCES = Path(__file__).resolve().parent.parent / "load"
LOAD_PROGRAMS = ["denied", "handshakes", "idle", "transfer", "units", "upstream"]
BIG_BYTES = 100_000_000
SMALL_BYTES = 120

PACKAGE_BY_PROGRAM = {
    "nginx": "nginx", "haproxy": "haproxy", "wrk": "wrk", "h2load": "nghttp2-client",
    "cc": "gcc libc6-dev", "openssl": "openssl", "strip": "binutils",
    "valgrind": "valgrind",
}
TLS_HEADER = Path("/usr/include/openssl/ssl.h")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def program(name: str) -> str | None:
    """The program's path; daemons live in sbin, which is not in every user's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


# MARK: Debian's packages

def install_missing_packages(programs: list[str]) -> None:
    packages = [PACKAGE_BY_PROGRAM[name] for name in programs if not program(name)]
    if "cc" in programs and not TLS_HEADER.exists():
        packages.append("libssl-dev")
    if not packages:
        return
    if not program("apt-get"):
        raise Failure(f"please install what Debian calls {' '.join(packages)}: there is no apt-get here to do it with")
    say(f"Installing from Debian's packages: {' '.join(packages)}. Servers among them may start with their default sites.")
    elevate = [] if os.geteuid() == 0 else ["sudo"]
    apt = [*elevate, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--quiet"]
    run([*apt, "update"])
    run([*apt, "install", "--yes", "--no-install-recommends", *" ".join(packages).split()])


# MARK: Processes

def run(command: list[str], timeout: float = 300) -> str:
    """Runs to the end and returns what it printed; anything but exit status 0 is a failure."""
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command)}: not done after {timeout:.0f} s") from None
    if result.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def stop(process: subprocess.Popen) -> None:
    """Asks twice, because the first SIGTERM may mean a drain, and then no longer asks."""
    for _ in range(2):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                pass
    if process.poll() is None:
        process.kill()
    process.wait()


def free_port() -> int:
    """A free port below the range from which the clients' own ports are taken."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port on 127.0.0.1")


# MARK: The workbench

@dataclass(frozen=True)
class Workbench:
    folder: Path
    certificate: Path
    key: Path
    upstream_port: int

    def load(self, name: str, *arguments: object, processes: int = 1) -> dict:
        """Runs one of our load programs, in several processes at a time, and returns their figures added up."""
        command = self.load_command(name, *arguments)
        with ThreadPoolExecutor(processes) as pool:
            reports = [json.loads(output) for output in pool.map(lambda _: run(command, timeout=60), range(processes))]
        total = {key: sum(report[key] for report in reports) for key in reports[0]}
        return {**total, "seconds": max(report["seconds"] for report in reports)}

    def load_command(self, name: str, *arguments: object) -> list[str]:
        return [str(self.folder / name), *map(str, arguments)]


@contextmanager
def prepared_workbench(folder: Path, big_bytes: int = BIG_BYTES) -> Iterator[Workbench]:
    for name in LOAD_PROGRAMS:
        _compile(name, folder)
    certificate, key = _make_certificate(folder)
    upstream = subprocess.Popen([str(folder / "upstream"), str(big_bytes)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        yield Workbench(folder, certificate, key, int(upstream.stdout.readline()))
        if upstream.poll() is not None:
            raise Failure("the upstream ended during the measurements")
    finally:
        stop(upstream)


def _compile(name: str, folder: Path) -> None:
    sources = [str(SOURCES / f"{name}.c"), str(SOURCES / "load.c")]
    run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-o", str(folder / name), *sources, "-lssl", "-lcrypto", "-pthread"])


def _make_certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-out", str(certificate), "-keyout", str(key)])
    return certificate, key
