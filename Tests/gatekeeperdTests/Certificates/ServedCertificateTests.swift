import Testing

@testable import gatekeeperd

@Suite("A certificate in force")
struct ServedCertificateTests {
    private static let hour: Int64 = 3_600_000

    /// In hours since its beginning.
    private func warnings(ofHours hours: Int64) -> [Int64] {
        let lifetime = CertificateLifetime(start: WallTime(milliseconds: 0), end: WallTime(milliseconds: hours * Self.hour))
        let certificate = ServedCertificate(file: "a.pem", names: ["a.example"], lifetime: lifetime)
        var now = WallTime(milliseconds: 0)
        var moments: [Int64] = []
        while let next = certificate.nextWarning(after: now) {
            moments.append(next.milliseconds / Self.hour)
            now = next
        }
        return moments
    }

    @Test(
        "warnings come at a quarter, a tenth and three hundredths of its lifetime, at most three weeks, a week and a day before its end",
        arguments: [
            (hours: 100 * 24, [79 * 24, 93 * 24, 99 * 24, 100 * 24]), (365 * 24, [344 * 24, 358 * 24, 364 * 24, 365 * 24]),
            (160, [120, 144, 155, 160]), (0, []),
        ] as [(hours: Int64, [Int64])])
    func warnings(hours: Int64, expected: [Int64]) {
        #expect(warnings(ofHours: hours) == expected)
    }

    @Test("one of six days is fine on its first day, near its end on the last, and over afterwards")
    func short() {
        let lifetime = CertificateLifetime(start: WallTime(milliseconds: 0), end: WallTime(milliseconds: 160 * Self.hour))
        func at(_ hours: Int64) -> WallTime { WallTime(milliseconds: hours * Self.hour) }
        #expect(!lifetime.isEnding(at: at(1)) && !lifetime.isEnding(at: at(119)) && lifetime.isEnding(at: at(120)))
        #expect(!lifetime.isEnding(at: at(160)) && lifetime.isOver(at: at(160)))
    }
}
