import Testing

@testable import gatekeeperd

@Suite("What the service's user sees")
struct ServiceViewTests {
    private func identity() throws -> ServiceIdentity { try ServiceIdentity(nil, user: "nobody") }

    @Test("what he can't read is a finding, each by itself, and not more than a screen of them")
    func findings() throws {
        let findings = ServiceView(identity: try identity(), errors: ["tls.key: /k cannot be read: Permission denied"]).findings
        #expect(findings.map(\.severity) == [.wrong])
        #expect(findings[0].seen.hasPrefix("as nobody the service can't start") && findings[0].seen.hasSuffix("Permission denied"))
        #expect(ServiceView(identity: try identity(), errors: Array(repeating: "x", count: 50)).findings.count == 5)
    }

    @Test("that the service's user isn't there is a finding of its own")
    func nobody() throws {
        var unit = UnitFile()
        unit.read("[Service]\nUser=nobody-at-all\n")
        do throws(ValueMistake) {
            _ = try ServiceIdentity(unit)
            #expect(Bool(false))
        } catch {
            let finding = ServiceView.finding(error)
            #expect(finding.severity == .wrong && finding.seen.contains("there is no user \"nobody-at-all\""))
        }
    }

    @Test("nothing is said where nothing is wrong, and that it wasn't looked at where it wasn't")
    func others() throws {
        #expect(ServiceView(identity: try identity(), errors: []).findings.isEmpty)
        #expect(ServiceView(identity: try identity(), errors: nil, obstacle: "cannot x").findings == [.unexamined(.service, "cannot x")])
    }
}
