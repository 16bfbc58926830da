/// What all workers have counted since the start: how exchanges ended, and how each source of the list was answered.
package struct ServerCounts: Sendable {
    package var verdicts = VerdictTally()
    /// By label, or by address where an entry has none; in no order.
    package var answers: [(name: String, tally: AnswerTally)] = []

    package init() {}

    mutating func add(_ verdicts: VerdictTally, _ tallies: AnswerTallies, _ cells: [AnswerRuns.CellIndex]) {
        self.verdicts.add(verdicts)
        for (index, cell) in cells.enumerated() { if let tally = tallies[cell] { answers[index].tally.add(tally) } }
    }
}
