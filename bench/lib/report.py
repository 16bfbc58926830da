"""The table, for the terminal and as Markdown, and the notes that belong to it."""

from __future__ import annotations

import datetime
import os
import platform
import shutil
import tempfile
from pathlib import Path
from statistics import median

from .contestants import Contestant, Gatekeeper
from .measurements import SECONDS
from .results import Results, Row
from .workbench import program, run

NOTES = [
    "Figures are medians over the rounds, with minimum and maximum. The ratio is Gatekeeper to the better of its peers (for "
    "throughput, more is better), computed within each round, and the median taken over the rounds; a round in which the peer shows "
    "none is left out.",
    "Load generators and upstream run on the same cores as the contestant. That cannot be helped on one machine: throughput and latency "
    "include their share of it, CPU time per request, handshake, connection and GB does not.",
    "CPU time is user and system time of all processes and threads of a contestant. The kernel's part of TCP over loopback counts for "
    "whichever side caused it, for all contestants alike. Setting up the connections is included in the keep-alive figures.",
    "Handshakes: ECDSA and key exchange with P-256, AES-256-GCM, closed by close_notify. Resumption is by session ticket, with each "
    "server's defaults.",
    "Denied connections: HAProxy and Gatekeeper decide on the source address before TLS. nginx cannot: its figure is a TLS 1.3 "
    "handshake with a request that it answers with 403.",
    "nginx keeps proxy_buffering at its default: what a client does not take at once may pass through a temporary file.",
    "Access logs are on in all three and go to files. Memory is the proportional set size of all processes, kernel memory not included.",
]


# MARK: What was measured where

def describe(kinds: list[type[Contestant]], rounds: int, command: str) -> dict[str, str]:
    lines = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gigabytes():.0f} GB",
        "system": f"{_distribution()}, Linux {platform.release()}, {run(['openssl', 'version']).split(' (')[0].strip()}",
        "load average": f"{os.getloadavg()[0]:.2f} before the first round",
        "command": f"{command} (rounds: {rounds}, each figure {SECONDS:.0f} s of load)",
    }
    for kind in kinds:
        lines[kind.name] = kind.version()
    if Gatekeeper in kinds:
        lines["size of gatekeeperd"] = _binary_size(Path(Gatekeeper.executable()))
    return lines


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _distribution() -> str:
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return release.get("PRETTY_NAME", "Linux").strip('"')


def _binary_size(binary: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        stripped = Path(folder) / "gatekeeperd"
        shutil.copy(binary, stripped)
        run([program("strip"), str(stripped)])
        return f"{stripped.stat().st_size / 1e6:.1f} MB stripped, {binary.stat().st_size / 1e6:.1f} MB as built"


def warnings(results: Results) -> list[str]:
    """What a reader should know before believing the table."""
    found = []
    for row in results.rows.values():
        for name, values in row.values.items():
            if row.figure.name == "logged" and median(values) < 0.99:
                share = f"{median(values):.0%} of its requests in {row.measurement}"
                found.append(f"WARNING: {name} logged only {share}: it did less work than the others.")
    return found


# MARK: Table

def table(results: Results, names: list[str]) -> list[list[str]]:
    header = ["figure", "unit", *names, "ratio", "must reach", ""]
    return [header, *(_cells(row, names) for row in results.rows.values())]


def _cells(row: Row, names: list[str]) -> list[str]:
    ratio, goal = row.ratio(), row.figure.must_reach
    return [row.figure.title, row.figure.unit, *(_spread(row.values.get(name)) for name in names),
            "" if ratio is None else f"{ratio:.2f}", "" if goal is None else f"≤ {goal:.2f}", row.verdict() or ""]


def _spread(values: list[float] | None) -> str:
    if not values:
        return "–"
    if len(values) == 1:
        return _number(values[0])
    return f"{_number(median(values))} ({_number(min(values))}–{_number(max(values))})"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_text(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(lines)


def as_markdown(rows: list[list[str]], description: dict[str, str], notes: list[str]) -> str:
    header, *body = ["| " + " | ".join(row) + " |" for row in rows]
    alignment = "| --- | --- |" + " ---: |" * (len(rows[0]) - 3) + " --- |"
    return "\n".join([
        "# Gatekeeper, nginx and HAProxy compared", "",
        *(f"* {name}: {f'`{text}`' if name == 'command' else text}" for name, text in description.items()), "",
        header, alignment, *body, "",
        *(f"* {note}" for note in notes), "",
    ])
