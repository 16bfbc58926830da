internal import Gatekeeper

/// Whether the service's end fits into what systemd waits for it.
enum StopTime {
    /// TimeoutStopSec= of the unit as it is shipped.
    static let unitMilliseconds = 45_000
    /// From the last connection's end to the process's.
    private static let restMilliseconds = 1_000

    /// What to say of settings whose end takes longer; nil if it doesn't.
    ///
    /// - Parameter text: TimeoutStopSec= of the installed unit; nil for the shipped one's.
    static func doubt(_ timeouts: Settings.Timeouts, unit text: String? = nil) -> String? {
        let needed = timeouts.leaveMilliseconds + timeouts.drainMilliseconds
        let patience = text.map(milliseconds) ?? unitMilliseconds
        guard let patience, needed + restMilliseconds > patience else { return nil }
        let seconds = (needed + restMilliseconds + 999) / 1_000
        return "leave and drain take \(Quantity.describe(milliseconds: needed)), and systemd kills the service after "
            + "\(Quantity.describe(milliseconds: patience)): say TimeoutStopSec=\(seconds)s or more (systemctl edit gatekeeperd)"
    }

    /// A time span as systemd.time(7) has it (`45`, `1min 30s`); nil for one without end, or that isn't understood.
    static func milliseconds(_ text: String) -> Int? {
        var total = 0.0
        var rest = Substring(text).drop { $0 == " " }
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count).drop { $0 == " " }
            guard let factor = factors[String(unit)] else { return nil }
            total += number * factor
        }
        // Zero is no limit, too.
        return total > 0 && total < 1e15 ? Int(total) : nil
    }

    private static let factors: [String: Double] = [
        "": 1_000, "s": 1_000, "sec": 1_000, "second": 1_000, "seconds": 1_000, "ms": 1, "msec": 1, "m": 60_000, "min": 60_000,
        "minute": 60_000, "minutes": 60_000, "h": 3_600_000, "hr": 3_600_000, "hour": 3_600_000, "hours": 3_600_000, "d": 86_400_000,
        "day": 86_400_000, "days": 86_400_000,
    ]
}
