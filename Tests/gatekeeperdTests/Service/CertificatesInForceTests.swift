import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Certificates in force, as time passes")
struct CertificatesInForceTests {
    private static let hour: Int64 = 3_600_000
    private let start = GrantScene.start

    private func certificate(hours: Int64) -> ServedCertificate {
        let lifetime = CertificateLifetime(start: start, end: start.advanced(byMilliseconds: hours * Self.hour))
        return ServedCertificate(file: "\(hours).pem", names: ["a.example"], lifetime: lifetime)
    }

    /// The lines of the log, by the hour that brought them.
    private func lines(_ certificates: [ServedCertificate], hours: Int) -> [Int: [String]] {
        let (plane, clock) = (FakeDataPlane(), TurnedClock())
        let part = CertificatesInForce(certificates, on: plane, at: start)
        var lines: [Int: [String]] = [:]
        for hour in 1...hours {
            clock.turn(milliseconds: Int(Self.hour))
            part.pass(at: clock.now)
            let said = plane.takeEvents().compactMap { $0.split(separator: " ").dropFirst().prefix(2).joined(separator: " ") }
            if !said.isEmpty { lines[hour] = said }
        }
        return lines
    }

    @Test("each mark is told once, and the end itself")
    func marks() {
        let told = lines([certificate(hours: 160)], hours: 200)
        #expect(
            told == [
                120: ["state=expires file=160.pem"], 144: ["state=expires file=160.pem"], 156: ["state=expires file=160.pem"],
                160: ["state=expired file=160.pem"],
            ])
    }

    @Test("of several each has its own marks")
    func several() {
        let told = lines([certificate(hours: 4), certificate(hours: 8)], hours: 9)
        #expect(told[4] == ["state=expired file=4.pem"] && told[6] == ["state=expires file=8.pem"])
        #expect(told[8] == ["state=expired file=8.pem"] && told[9] == nil)
    }

    @Test("after a sleep over several marks, one line tells how it is now")
    func slept() {
        let (plane, clock) = (FakeDataPlane(), TurnedClock())
        let part = CertificatesInForce([certificate(hours: 160)], on: plane, at: start)
        #expect(part.next == .calendar(start.advanced(byMilliseconds: 120 * Self.hour)))
        clock.turn(milliseconds: Int(159 * Self.hour))
        part.pass(at: clock.now)
        #expect(plane.takeEvents().count == 1 && part.next == .calendar(start.advanced(byMilliseconds: 160 * Self.hour)))
    }

    @Test("one that is near its end when it is first seen is told of at once")
    func nearAtStart() {
        let plane = FakeDataPlane()
        _ = CertificatesInForce([certificate(hours: 160)], on: plane, at: start.advanced(byMilliseconds: 121 * Self.hour))
        #expect(plane.takeEvents().count == 1)
    }
}
