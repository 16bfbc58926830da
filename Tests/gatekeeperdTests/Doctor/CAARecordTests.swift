import Testing

@testable import gatekeeperd

@Suite("CAA records")
struct CAARecordTests {
    @Test(
        "data that is no record is none",
        arguments: [[], [0], [0, 0], [0, 5, 0x69], [0, 2, 0x69, 0x2d], [0, 1, 0xff], [0, 255] + [UInt8](repeating: 0x61, count: 254)])
    func none(data: [UInt8]) {
        #expect(CAARecord(data[...]) == nil)
    }

    @Test("the property is compared without case, and the value may be empty or anything")
    func values() {
        #expect(CAARecord(([0, 5] + Array("IsSuE".utf8))[...]) == CAARecord("issue", ""))
        #expect(CAARecord(([0x7f, 5] + Array("issue".utf8) + [0xff, 0])[...])?.permission == CAARecord.Permission())
    }

    @Test(
        "a permission is an authority with its conditions; what breaks the grammar permits nobody",
        arguments: [
            ("ca.example", CAARecord.Permission(issuer: "ca.example")), (" CA.Example ;", CAARecord.Permission(issuer: "ca.example")),
            (";", CAARecord.Permission()), ("", CAARecord.Permission()), ("ca example", CAARecord.Permission()),
            ("ca.example; accounturi", CAARecord.Permission()), ("ca.example; x=a b", CAARecord.Permission()),
            ("ca.example; =a", CAARecord.Permission()),
            (
                "ca.example; accounturi=https://a/1 ; ValidationMethods = dns-01,tls-alpn-01",
                CAARecord.Permission(issuer: "ca.example", accounts: ["https://a/1"], methods: ["dns-01", "tls-alpn-01"])
            ), ("ca.example; validationmethods=", CAARecord.Permission(issuer: "ca.example", methods: [])),
        ])
    func permissions(value: String, permission: CAARecord.Permission) {
        #expect(CAARecord("issue", value).permission == permission)
        #expect(CAARecord("iodef", value).permission == nil)
    }

    private func verdict(_ records: CAARecord..., isWildcard: Bool = false, account: String? = "https://a/1") -> CAARecord.Verdict {
        CAARecord.verdict(of: records, isWildcard: isWildcard, issuers: ["ca.example"], account: account, method: "tls-alpn-01")
    }

    @Test("one record that permits is enough, and without one of these properties all are permitted")
    func permitted() {
        #expect(verdict(CAARecord("iodef", "mailto:a@b.example")) == .permitted)
        #expect(verdict(CAARecord("issue", ";"), CAARecord("issue", "ca.example")) == .permitted)
        #expect(verdict(CAARecord("issue", "ca.example; accounturi=https://a/1; validationmethods=tls-alpn-01")) == .permitted)
        #expect(verdict(CAARecord("issue", "ca.example; policy=ev")) == .permitted)
        #expect(verdict(CAARecord("issuewild", ";")) == .permitted, "which is for wildcards alone")
    }

    @Test("another authority, account or method is told apart")
    func refused() {
        #expect(verdict(CAARecord("issue", "other.example")) == .forbidden)
        #expect(verdict(CAARecord("issue", ";")) == .forbidden)
        #expect(verdict(CAARecord("issue", "ca.example; accounturi=https://a/2")) == .otherAccount)
        #expect(verdict(CAARecord("issue", "ca.example; accounturi=https://a/2"), account: nil) == .someAccount)
        #expect(verdict(CAARecord("issue", "ca.example; accounturi=https://a/1; accounturi=https://a/1")) == .otherAccount)
        #expect(verdict(CAARecord("issue", "ca.example; validationmethods=http-01")) == .otherMethod)
        #expect(verdict(CAARecord("issue", "ca.example"), CAARecord("tbs", "x", isCritical: true)) == .forbidden)
        #expect(verdict(CAARecord("issue", "ca.example", isCritical: true)) == .permitted)
    }

    @Test("for a wildcard issuewild stands in the place of issue")
    func wildcard() {
        #expect(verdict(CAARecord("issue", "ca.example"), CAARecord("issuewild", ";"), isWildcard: true) == .forbidden)
        #expect(verdict(CAARecord("issue", ";"), CAARecord("issuewild", "ca.example"), isWildcard: true) == .permitted)
        #expect(verdict(CAARecord("issue", "ca.example"), isWildcard: true) == .permitted)
    }
}
