"""What is measured, and what the result must reach."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass
from statistics import median
from typing import Callable

from .contestants import ADMITTED_SOURCE, DENIED_SOURCE, Contestant, Gatekeeper, GatekeeperLabelled, GatekeeperReusing, GatekeeperWatching, running
from .cpu import CpuTime
from .failure import Failure
from .workbench import BIG_BYTES, SMALL_BYTES, run

SECONDS = 2.0  # of load for each figure, long enough that its beginning and end don't show
CLIENTS = 2  # processes or threads of the load generators: with one, the scheduler at times leaves half of two cores idle
HANDSHAKES_IN_FLIGHT = 16
DENIALS_IN_FLIGHT = 256
DENIED_SOURCES = 32  # 127.0.0.9 to 127.0.0.40, so that no source runs out of ports
IDLE_CONNECTIONS = 2000
WARM_UP_CONNECTIONS = 100

Values = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """One number of a measurement: a row of the table."""

    name: str
    title: str
    unit: str
    must_reach: float | None = None  # the highest acceptable ratio to the better peer
    more_is_better: bool = False
    compared: bool = True


@dataclass(frozen=True)
class Measurement:
    name: str
    figures: list[Figure]
    take: Callable[[Contestant], Values]
    once: bool = False  # in the first round only


def with_cpu(contestant: Contestant, load: Callable[[], dict]) -> tuple[CpuTime, dict]:
    """Runs the load, and returns what it reports and what it cost the contestant."""
    contestant.empty_access_log()
    before = contestant.cpu()
    report = load()
    time.sleep(0.1)  # closing the last connections belongs to the load
    return before.until(contestant.cpu()), report


def microseconds(cpu: CpuTime, count: float) -> Values:
    """CPU time per piece of work."""
    return {"cpu": cpu.total / count * 1e6, "user": cpu.user / count * 1e6, "system": cpu.system / count * 1e6}


# MARK: Requests on kept-alive connections

def keepalive(connections: int, must_reach: float | None) -> Measurement:
    def take(contestant: Contestant) -> Values:
        cpu, report = with_cpu(contestant, lambda: _wrk(contestant.port, connections))
        # The log may be written by another thread, a moment later.
        logged = _settled(contestant.access_log_lines, expected=report["requests"])
        return {**microseconds(cpu, report["requests"]), "rate": report["rate"], "p99": report["p99"],
                "logged": logged / report["requests"]}

    title = f"keep-alive, c={connections}"
    return Measurement(f"keepalive-c{connections}", [
        Figure("cpu", f"{title}: CPU", "µs/request", must_reach),
        Figure("user", f"{title}: user", "µs/request"),
        Figure("system", f"{title}: system", "µs/request"),
        Figure("rate", f"{title}: throughput", "requests/s", more_is_better=True),
        Figure("p99", f"{title}: 99th percentile", "ms"),
        Figure("logged", f"{title}: access log lines", "per request", compared=False),
    ], take)


def watching(connections: int) -> Measurement:
    """What routes per source, learning and the rhythm cost: beside the same without them, in turns, as the machine changes under both."""
    turns = 3

    def cost(contestant: Contestant) -> float:
        cpu, report = with_cpu(contestant, lambda: _wrk(contestant.port, connections))
        return cpu.total / report["requests"] * 1e6

    def take(contestant: Contestant) -> Values:
        if not isinstance(contestant, Gatekeeper):
            return {"cpu": cost(contestant), "more": 1.0}
        workbench = contestant.workbench
        with running(GatekeeperWatching, workbench) as watchful, running(GatekeeperLabelled, workbench) as other:
            costs = [(cost(watchful), cost(other)) for _ in range(turns)]
        return {"cpu": median(cost for cost, _ in costs), "more": median(one / other for one, other in costs)}

    title = f"keep-alive, c={connections}, watching"
    return Measurement("watching", [
        Figure("cpu", f"{title}: CPU", "µs/request"),
        Figure("more", f"{title}: CPU, to Gatekeeper without", "", compared=False),
    ], take)


POST_SCRIPT = """
wrk.method = "POST"
wrk.path = "/upload"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"title":"printer on fire","text":"' .. string.rep("x", 465) .. '"}'
"""


def posts(connections: int, reusing: bool) -> Measurement:
    """Tickets of half a kilobyte. Both peers use upstream connections again behind a body; Gatekeeper does if it is told that it may."""
    def figures(contestant: Contestant) -> Values:
        script = contestant.folder / "post.lua"
        script.write_text(POST_SCRIPT)
        cpu, report = with_cpu(contestant, lambda: _wrk(contestant.port, connections, "--script", str(script)))
        return {**microseconds(cpu, report["requests"]), "rate": report["rate"], "p99": report["p99"]}

    def take(contestant: Contestant) -> Values:
        if not reusing or not isinstance(contestant, Gatekeeper):
            return figures(contestant)
        with running(GatekeeperReusing, contestant.workbench) as told:
            return figures(told)

    title = f"POST, c={connections}" + (", reuse_after_body" if reusing else "")
    return Measurement("posts-reusing" if reusing else "posts-default", [
        Figure("cpu", f"{title}: CPU", "µs/request"),
        Figure("user", f"{title}: user", "µs/request"),
        Figure("system", f"{title}: system", "µs/request"),
        Figure("rate", f"{title}: throughput", "requests/s", more_is_better=True),
        Figure("p99", f"{title}: 99th percentile", "ms"),
    ], take)


def _wrk(port: int, connections: int, *more: str) -> dict:
    output = run(["wrk", "--threads", str(CLIENTS), "--connections", str(connections), "--duration", f"{SECONDS:.0f}s",
                  "--latency", *more, f"https://127.0.0.1:{port}/"])
    if "Socket errors" in output or "Non-2xx" in output:
        raise Failure(f"wrk met errors\n{output}")
    percentile = re.search(r"99%\s+([\d.]+)(us|ms|s)\b", output)
    milliseconds = float(percentile[1]) * {"us": 0.001, "ms": 1, "s": 1000}[percentile[2]]
    return {"requests": int(re.search(r"(\d+) requests in", output)[1]),
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), "p99": milliseconds}


def _settled(read: Callable[[], int], expected: int) -> int:
    """The value once it reaches what is expected, or the last one after two seconds."""
    deadline = time.monotonic() + 2
    while (value := read()) < expected and time.monotonic() < deadline:
        time.sleep(0.1)
    return value


def h2load_check() -> Measurement:
    def take(contestant: Contestant) -> Values:
        cpu, report = with_cpu(contestant, lambda: _h2load(contestant.port))
        return {"cpu": microseconds(cpu, report["requests"])["cpu"], "rate": report["rate"]}

    return Measurement("h2load", [
        Figure("cpu", "cross-check with h2load, c=64: CPU", "µs/request"),
        Figure("rate", "cross-check with h2load, c=64: throughput", "requests/s", more_is_better=True),
    ], take, once=True)


def _h2load(port: int) -> dict:
    output = run(["h2load", "--h1", "--clients", "64", "--threads", str(CLIENTS), "--duration", f"{SECONDS:.0f}",
                  f"https://127.0.0.1:{port}/"])
    counts = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    if not counts or any(int(counts[i]) for i in (3, 4, 5)) or int(counts[2]) == 0:
        raise Failure(f"h2load met errors\n{output}")
    return {"requests": int(counts[2]), "rate": float(re.search(r"([\d.]+) req/s", output)[1])}


# MARK: Handshakes

def handshake(version: str, mode: str) -> Measurement:
    def take(contestant: Contestant) -> Values:
        cpu, report = with_cpu(contestant, lambda: _handshakes(contestant, ADMITTED_SOURCE, version, mode))
        return {**microseconds(cpu, report["connections"]), "rate": report["connections"] / report["seconds"]}

    title = f"TLS {version} handshake, {mode}"
    return Measurement(f"handshake-{version}-{mode}", [
        Figure("cpu", f"{title}: CPU", "µs/handshake", 1.00),
        Figure("user", f"{title}: user", "µs/handshake"),
        Figure("system", f"{title}: system", "µs/handshake"),
        Figure("rate", f"{title}: throughput", "handshakes/s", more_is_better=True),
    ], take)


def _handshakes(contestant: Contestant, source: str, version: str, mode: str) -> dict:
    return contestant.workbench.load("handshakes", contestant.port, source, version, mode, SECONDS,
                                     HANDSHAKES_IN_FLIGHT // CLIENTS, processes=CLIENTS)


# MARK: Denied connections

def denied() -> Measurement:
    def take(contestant: Contestant) -> Values:
        def load() -> dict:
            if not contestant.denies_before_tls:
                return _handshakes(contestant, DENIED_SOURCE, "1.3", "refused")
            return contestant.workbench.load("denied", contestant.port, DENIED_SOURCE, DENIED_SOURCES, SECONDS,
                                             DENIALS_IN_FLIGHT // CLIENTS, processes=CLIENTS)

        cpu, report = with_cpu(contestant, load)
        return {**microseconds(cpu, report["connections"]), "rate": report["connections"] / report["seconds"]}

    return Measurement("denied", [
        Figure("cpu", "denied connection: CPU", "µs/connection", 0.90),
        Figure("user", "denied connection: user", "µs/connection"),
        Figure("system", "denied connection: system", "µs/connection"),
        Figure("rate", "denied connection: throughput", "connections/s", more_is_better=True),
    ], take)


# MARK: Bulk data

def transfer(direction: str) -> Measurement:
    def take(contestant: Contestant) -> Values:
        cpu, report = with_cpu(contestant, lambda: contestant.workbench.load(
            "transfer", contestant.port, ADMITTED_SOURCE, direction, BIG_BYTES, SECONDS, CLIENTS))
        gigabytes = report["bytes"] / 1e9
        return {"cpu": cpu.total / gigabytes, "user": cpu.user / gigabytes, "system": cpu.system / gigabytes,
                "rate": report["bytes"] / 1e6 / report["seconds"]}

    title = f"{direction}, 100 MB bodies"
    return Measurement(direction, [
        Figure("cpu", f"{title}: CPU", "s/GB", 0.85),
        Figure("user", f"{title}: user", "s/GB"),
        Figure("system", f"{title}: system", "s/GB"),
        Figure("rate", f"{title}: throughput", "MB/s", more_is_better=True),
    ], take)


# MARK: Idle connections

def idle() -> Measurement:
    def take(contestant: Contestant) -> Values:
        # A process of its own: in one that has worked before, freed memory would hide what connections need.
        with running(type(contestant), contestant.workbench) as fresh:
            with _idle_connections(fresh, WARM_UP_CONNECTIONS):
                pass
            time.sleep(0.3)
            before = fresh.resident_kilobytes()
            with _idle_connections(fresh, IDLE_CONNECTIONS):
                time.sleep(1)
                after = fresh.resident_kilobytes()
        return {"memory": (after - before) / IDLE_CONNECTIONS, "base": before / 1000}

    return Measurement("idle", [
        Figure("memory", f"idle TLS 1.3 connection, of {IDLE_CONNECTIONS}: resident memory", "kB/connection", 1.00),
        Figure("base", "whole process without connections: resident memory", "MB"),
    ], take)


class _idle_connections:
    """Holds connections open that have made one request each, and checks at the end that they still are."""

    def __init__(self, contestant: Contestant, count: int):
        self.command = contestant.workbench.load_command("idle", contestant.port, ADMITTED_SOURCE, count, SMALL_BYTES)

    def __enter__(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise Failure(f"idle: {self.process.communicate()[1]}")

    def __exit__(self, *error: object) -> None:
        errors = self.process.communicate()[1]
        if self.process.returncode != 0 and error[0] is None:
            raise Failure(f"idle: {errors}")


MEASUREMENTS = [
    keepalive(4, None),
    keepalive(64, 0.80),
    keepalive(256, 0.90),
    watching(64),
    posts(64, reusing=False),
    posts(64, reusing=True),
    h2load_check(),
    *(handshake(version, mode) for version in ("1.2", "1.3") for mode in ("full", "resumed")),
    denied(),
    transfer("download"),
    transfer("upload"),
    idle(),
]


def chosen(names: str) -> list[Measurement]:
    """Those whose name is one of `names` or begins with it: `keepalive` means both."""
    wanted = names.split(",")
    for name in wanted:
        if not any(_matches(measurement, name) for measurement in MEASUREMENTS):
            raise Failure(f"{name} is none of: {', '.join(measurement.name for measurement in MEASUREMENTS)}")
    return [measurement for measurement in MEASUREMENTS if any(_matches(measurement, name) for name in wanted)]


def _matches(measurement: Measurement, name: str) -> bool:
    return measurement.name == name or measurement.name.startswith(name + "-")
