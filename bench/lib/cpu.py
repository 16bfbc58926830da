"""CPU time and memory of a group of processes, read from /proc.

The total comes from schedstat, in nanoseconds: stat counts in ticks of 10 ms. How it divides into user and system comes from stat.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .failure import Failure

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class CpuTime:
    """CPU time spent between two snapshots, in seconds."""

    total: float
    user: float
    system: float


@dataclass(frozen=True)
class Snapshot:
    nanoseconds_by_thread: dict[int, int]
    user_ticks: int
    system_ticks: int

    def until(self, later: Snapshot) -> CpuTime:
        gone = self.nanoseconds_by_thread.keys() - later.nanoseconds_by_thread.keys()
        if gone:
            raise Failure(f"thread {min(gone)} ended during a measurement, and its CPU time with it")
        spent = sum(after - self.nanoseconds_by_thread.get(thread, 0) for thread, after in later.nanoseconds_by_thread.items())
        user_ticks = later.user_ticks - self.user_ticks
        system_ticks = later.system_ticks - self.system_ticks
        ticks = user_ticks + system_ticks
        total = spent / 1e9 if spent else ticks / TICKS_PER_SECOND  # kernels without CONFIG_SCHED_INFO write zeros
        user_share = user_ticks / ticks if ticks else 0.0
        return CpuTime(total, total * user_share, total * (1 - user_share))


def snapshot(root: int) -> Snapshot:
    """CPU time used so far by `root`, all its descendants and all their threads."""
    nanoseconds, user, system = {}, 0, 0
    for pid in process_group(root):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            nanoseconds[int(thread.name)] = int((thread / "schedstat").read_text().split()[0])
        fields = _stat_fields(pid)
        user += int(fields[11])
        system += int(fields[12])
    return Snapshot(nanoseconds, user, system)


def resident_kilobytes(root: int) -> int:
    """Proportional set size of the whole group: what its processes share is counted once."""
    return sum(_pss_kilobytes(pid) for pid in process_group(root))


def process_group(root: int) -> list[int]:
    """`root` and its descendants: for nginx the master and its workers."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children.setdefault(int(_stat_fields(int(entry.name))[1]), []).append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended while we were looking, so none of ours
    group = [root]
    for pid in group:
        group.extend(children.get(pid, []))
    return group


def _stat_fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third, the state, on: the second holds the name, which may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _pss_kilobytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise Failure(f"/proc/{pid}/smaps_rollup has no Pss")
