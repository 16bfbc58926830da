/// The answers to requests of each source of the list, as one worker has counted them, by the cells of `AnswerRuns`.
struct AnswerTallies: Sendable {
    /// As long as the highest cell that was counted in.
    private var cells: ContiguousArray<Cell> = []

    private struct Cell {
        var owner: AnswerRuns.CellIndex
        var tally = AnswerTally()
    }

    /// What says nothing of either side's being well isn't counted, and what we refused isn't timed.
    mutating func count(_ verdict: borrowing ExchangeVerdict) {
        let number = AnswerRuns.number(verdict.answerCell)
        guard number < AnswerRuns.sourcesMax, let meaning = AnswerRuns.meaning(verdict.outcome, verdict.status) else { return }
        while number >= cells.count { cells.append(Cell(owner: AnswerRuns.none)) }
        // The cell has gone to another source.
        if cells[number].owner != verdict.answerCell { cells[number] = Cell(owner: verdict.answerCell) }
        let isGood = if case .success = meaning { true } else { false }
        let isTimed = verdict.outcome != .refused && verdict.status != 101
        cells[number].tally.countBytes(of: verdict)
        cells[number].tally.count(
            isGood: isGood, nanoseconds: isTimed ? verdict.durationNanoseconds : nil, endedMilliseconds: verdict.endedMilliseconds)
    }

    /// Nil for a source that has had no request of its own here.
    subscript(index: AnswerRuns.CellIndex) -> AnswerTally? {
        let number = AnswerRuns.number(index)
        guard number < cells.count, cells[number].owner == index else { return nil }
        return cells[number].tally
    }
}
