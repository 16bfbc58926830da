"""Runs a contestant under callgrind, and tells what it did between two moments: instructions per part, and allocations."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

from .contestants import Contestant
from .failure import Failure
from .workbench import run

ALLOCATIONS = "allocations"
PARTS = ["own code", "Swift", "libc", "libssl", "libcrypto", "other"]
QUIET = 1_000_000  # instructions between two profiles of a contestant that has nothing to do
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# Swift's runtime and standard library, which are linked into the binary. What the compiler specialised for us is our own code: its
# names end in T and what was done (TG, Tg, Tf, …).
RUNTIME = re.compile(r"_?swift_|_ZN[A-Z]*5swift|\$s(s|S[A-Zabcdefhijklmpqrstuvxyz]|[0-9]+_Concurrency)")
SPECIALISED = re.compile(r"T[Ggf][0-9a-z]*")
# Callgrind's format: a line that costs (a place, and the instructions spent there), and one that names whose costs follow. The line
# behind `calls=` has what was spent below a call; it is counted where it was spent.
COST = re.compile(r"[0-9+*-]\S* (\d+)")
NAMES = re.compile(r"(c?ob|c?fn)=\((\d+)\)(?: (.*))?")


class Profile:
    """What was spent by whom, from dumps. Costs are self costs: each instruction is counted once."""

    def __init__(self, executable: str):
        self.executable = Path(executable).name
        self.costs: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def read(self, path: Path) -> None:
        names: dict[tuple[str, str], str] = {}
        current = {"ob": "", "fn": "", "cfn": ""}
        part = ""
        is_of_callee = False
        for line in path.read_text(errors="replace").splitlines():
            if cost := COST.match(line):
                if not is_of_callee:
                    self.costs[part] += int(cost[1])
                    self.functions[current["fn"]] += int(cost[1])
                is_of_callee = False
            elif line.startswith("calls="):
                is_of_callee = True
                if current["cfn"] in ALLOCATORS:
                    self.costs[ALLOCATIONS] += int(line.removeprefix("calls=").split()[0])
            elif name := NAMES.match(line):
                key = (name[1].removeprefix("c"), name[2])  # a callee's names are abbreviated by the same numbers
                if name[3] is not None:
                    names[key] = name[3]
                current[name[1]] = names[key]
                part = self._part(current["ob"], current["fn"])

    def _part(self, object_name: str, function: str) -> str:
        name = Path(object_name).name
        for library, part in (("libcrypto.", "libcrypto"), ("libssl.", "libssl"), ("libc.", "libc"), ("libm.", "libc"), ("ld-linux", "libc")):
            if name.startswith(library):
                return part
        if name != self.executable:
            return "other"
        return "Swift" if RUNTIME.match(function) and not SPECIALISED.search(function) else "own code"


class Counted(Contestant):
    """A contestant with one worker, run by valgrind. Hash tables are seeded alike, so that two runs do the same."""

    workers = 1
    patience_seconds = 60
    dumps = 0

    def start(self) -> None:
        # To valgrind `rep movsb` is as many instructions as bytes, to the machine a few.
        tunables = "GLIBC_TUNABLES=" + ":".join(f"glibc.cpu.x86_rep_{name}_threshold=1000000000" for name in ("movsb", "stosb"))
        self.runs_under = ["env", "SWIFT_DETERMINISTIC_HASHING=1", tunables, "valgrind", "--tool=callgrind", "--quiet", "--demangle=no",
                           "--dump-line=no", "--fair-sched=yes", f"--callgrind-out-file={self.folder}/profile"]
        super().start()

    def settle(self) -> None:
        """Waits until what is done once, behind the start, is done."""
        deadline = time.monotonic() + self.patience_seconds
        while sum(self.profile().costs.values()) > QUIET and time.monotonic() < deadline:
            pass

    def profile(self) -> Profile:
        """What was done since the last call. Waits first until nothing of it is still under way, such as a line for the log."""
        time.sleep(0.4)
        self.check_running()
        self.dumps += 1
        path = self.folder / f"profile.{self.dumps}"
        run(["vgdb", f"--pid={self.process.pid}", "dump"], timeout=60)
        deadline = time.monotonic() + 10
        while not path.exists() or "\ntotals: " not in path.read_text(errors="replace"):
            if time.monotonic() > deadline:
                raise Failure(f"valgrind wrote no {path.name}")
            time.sleep(0.05)
        profile = Profile(self.executable())
        profile.read(path)
        return profile


def under_callgrind(kind: type[Contestant]) -> type[Counted]:
    return type(f"Counted{kind.__name__}", (Counted, kind), {})
