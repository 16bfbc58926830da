"""The figures of all rounds, and what is said about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from .contestants import Gatekeeper
from .measurements import Figure, Measurement, Values


@dataclass
class Row:
    """One figure: its values per contestant, in the order of the rounds."""

    measurement: str
    figure: Figure
    values: dict[str, list[float]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.measurement}.{self.figure.name}"

    def ratio(self) -> float | None:
        """Gatekeeper to the better peer: computed within each round, where the machine was the same, then the median."""
        own = self.values.get(Gatekeeper.name)
        peers = [values for name, values in self.values.items() if name != Gatekeeper.name]
        if not (self.figure.compared and own and peers):
            return None
        better = max if self.figure.more_is_better else min
        # User and system time are told apart by ticks of 10 ms: a peer's share of a short load may be none. Such a round is left out.
        ratios = [mine / peer for mine, *theirs in zip(own, *peers) if (peer := better(theirs))]
        return median(ratios) if ratios else None

    def verdict(self) -> str | None:
        ratio = self.ratio()
        if ratio is None or self.figure.must_reach is None:
            return None
        return "met" if ratio <= self.figure.must_reach else "missed"


class Results:
    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(self, measurement: Measurement, contestant: str, values: Values) -> None:
        for figure in measurement.figures:
            row = Row(measurement.name, figure)
            row = self.rows.setdefault(row.key, row)
            row.values.setdefault(contestant, []).append(values[figure.name])

    def for_json(self) -> list[dict]:
        return [{
            "figure": row.key, "title": row.figure.title, "unit": row.figure.unit,
            "contestants": {
                name: {"median": median(values), "minimum": min(values), "maximum": max(values), "rounds": values}
                for name, values in row.values.items()
            },
            "ratio": row.ratio(), "must_reach": row.figure.must_reach, "verdict": row.verdict(),
        } for row in self.rows.values()]
