extension WorkerState {
    /// The value of `Date` at this turn of the loop.
    var dateText: Buffer { date.text(atUnixSeconds: loop.wallUnixSeconds) }
}
