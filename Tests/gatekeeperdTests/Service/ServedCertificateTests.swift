import Testing

@testable import gatekeeperd

@Suite("A certificate in force")
struct ServedCertificateTests {
    @Test("warnings come three weeks, a week and a day before its end, and at its end")
    func warnings() {
        let day: Int64 = 86_400_000
        let end = WallTime(milliseconds: 100 * day)
        let certificate = ServedCertificate(file: "a.pem", names: ["a.example"], endsAt: end)
        var now = WallTime(milliseconds: 0)
        var days: [Int64] = []
        while let next = certificate.nextWarning(after: now) {
            days.append(next.milliseconds / day)
            now = next
        }
        #expect(days == [79, 93, 99, 100])
    }
}
