/// Why the log loses lines.
package struct JournalTrouble: Equatable, Sendable {
    /// `No space left on device`, for instance.
    package var reason: String
    /// Since the start.
    package var linesLost: UInt64
    package var sinceMilliseconds: Int64
    /// A line waits to be taken, and with it whoever is told of what was counted.
    package var isStalled: Bool

    package init(reason: String, linesLost: UInt64, sinceMilliseconds: Int64, isStalled: Bool = false) {
        self.reason = reason
        self.linesLost = linesLost
        self.sinceMilliseconds = sinceMilliseconds
        self.isStalled = isStalled
    }
}
