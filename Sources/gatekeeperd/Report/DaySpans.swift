/// The minutes of a day, taken together by spans of several.
struct DaySpans {
    let minutesEach: Int
    /// The oldest first, the last one up to now; nil where no minute of it is known.
    let spans: [MinuteCounts?]

    init(_ day: [MinuteCounts?], minutes: Int) {
        minutesEach = minutes
        spans = stride(from: 0, to: day.count, by: minutes).map { start in
            let known = day[start..<min(start + minutes, day.count)].compactMap(\.self)
            return known.isEmpty ? nil : known.reduce(MinuteCounts(), +)
        }
    }
}
