/// Times as people read them.
enum TimeText {
    private static let units: [(name: String, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// `in 1h 59m (2026-03-01T12:00:00Z)`.
    static func until(_ time: WallTime, from now: WallTime) -> String {
        let left = time.milliseconds(since: now)
        return left > 0 ? "in \(duration(milliseconds: left)) (\(time.text))" : "now (\(time.text))"
    }

    /// `3m 20s ago`.
    static func since(_ time: WallTime, until now: WallTime) -> String {
        let passed = now.milliseconds(since: time)
        return passed < 1000 ? "just now" : "\(duration(milliseconds: passed)) ago"
    }

    /// The two largest units: `1h 59m`.
    static func duration(milliseconds: Int64) -> String {
        var seconds = max(0, milliseconds / 1000)
        guard let first = units.firstIndex(where: { seconds >= $0.seconds }) else { return "0s" }
        var parts: [String] = []
        for unit in units[first...].prefix(2) {
            let count = seconds / unit.seconds
            seconds %= unit.seconds
            if count > 0 { parts.append("\(count)\(unit.name)") }
        }
        return parts.joined(separator: " ")
    }
}
