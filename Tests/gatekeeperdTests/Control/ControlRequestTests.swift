import Gatekeeper
import Testing

@testable import gatekeeperd

struct ControlRequestTests {
    private func message(_ line: String) -> String? {
        do throws(ControlFailure) {
            _ = try ControlRequest(Array(line.utf8))
            return nil
        } catch {
            return error.message
        }
    }

    @Test("what is written is what is read")
    func roundTrip() throws {
        let requests: [ControlRequest] = [
            .status, .reload, .apply(file: "/a \"b\".yaml", confirmWithinSeconds: nil), .apply(file: "/a", confirmWithinSeconds: 120),
            .confirm, .grant(try GrantRequest(address: "2001:db8::/32", seconds: 60, reason: "Käse")), .grants(all: true),
            .grant(try GrantRequest(address: "192.0.2.9", seconds: 60, reason: "x", label: "Tier2Tickets")),
            .grants(all: false), .revoke(try prefix("192.0.2.0/24")), .denials(try DenialQuery(seconds: 3600, top: 7)),
            .lockdown(keep: [], seconds: nil), .lockdown(keep: ["office", "Tier2Tickets"], seconds: 3600), .endLockdown, .lists,
            .acceptList(label: "Vendor", digest: nil), .acceptList(label: "Vendor", digest: "1a2b3c4d"),
            .digest(try DigestQuery(seconds: 7_200)),
            .openChallenge(try ChallengeRequest(name: "tickets.example", digest: String(repeating: "0a", count: 32))),
            .closeChallenge(name: "tickets.example"), .certificates, .renewCertificates(name: nil, isUndue: false),
            .renewCertificates(name: "a.example", isUndue: true), .tryOrders(name: nil), .tryOrders(name: "a.example"),
        ]
        for request in requests {
            #expect(try ControlRequest(Array(request.json.text.utf8)) == request)
        }
    }

    @Test(
        "each mistake is named",
        arguments: [
            (#"{"gatekeeper":1,"command":"statsu"}"#, "did you mean status?"),
            (#"{"gatekeeper":1,"command":"grant","adress":"192.0.2.1"}"#, #"no field "adress"; it takes address, for_seconds, reason"#),
            (#"{"gatekeeper":1,"command":"reload","now":true}"#, "it takes none"),
            (#"{"gatekeeper":1,"command":"grant"}"#, "address is missing"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":"60","reason":"x"}"#, "for_seconds is a whole number"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":1.5,"reason":"x"}"#, "for_seconds is a whole number"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":1e99,"reason":"x"}"#, "for_seconds is a whole number"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1/24","for_seconds":60,"reason":"x"}"#, "bits set"),
            (#"{"gatekeeper":1,"command":"grant","address":"0.0.0.0/0","for_seconds":60,"reason":"x"}"#, "everybody"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":0,"reason":"x"}"#, "at least one second"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":-9223372036854775808,"reason":"x"}"#, "at least"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":9223372036854775807,"reason":"x"}"#, "at most 30d"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":60,"reason":"a\nb"}"#, "control character"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":60,"reason":"a","label":""}"#, "a label has 1 to"),
            (#"{"gatekeeper":1,"command":"grant","address":"192.0.2.1","for_seconds":60,"reason":"a","label":7}"#, "label is a string"),
            (#"{"gatekeeper":1,"command":"challenge_open","name":"a.example","digest":"00"}"#, "the digest is a SHA-256"),
            (#"{"gatekeeper":1,"command":"challenge_close","name":"*.a.example"}"#, "never for a wildcard"),
            (#"{"gatekeeper":1,"command":"grants","all":1}"#, "all is true or false"),
            (#"{"gatekeeper":1,"command":"apply","file":"relative.yaml"}"#, "absolute path"),
            (#"{"gatekeeper":1,"command":"apply","file":"/a","confirm_seconds":0}"#, "between 1s and 1d"),
            (#"{"gatekeeper":1,"command":"apply","file":"/a","confirm_seconds":null}"#, "confirm_seconds is a whole number"),
            (#"{"gatekeeper":1,"command":"denials","since_seconds":0}"#, "at least one second"),
            (#"{"gatekeeper":1,"command":"denials","since_seconds":7776001}"#, "kept for 90d"),
            (#"{"gatekeeper":1,"command":"lockdown","for_seconds":0}"#, "between 1s and 30d"),
            (#"{"gatekeeper":1,"command":"lockdown","keep":"office"}"#, "a list of at most"),
            (#"{"gatekeeper":1,"command":"digest","since_seconds":0}"#, "at least one second"),
            (#"{"gatekeeper":1,"command":"digest","since_seconds":7776001}"#, "kept for 63d"),
            (#"{"gatekeeper":1,"command":"denials","top":0}"#, "between 1 and 1000"),
            (#"{"gatekeeper":1,"command":"denials","top":"9"}"#, "top is a whole number"),
            (#"{"gatekeeper":3,"command":"status"}"#, "version 3 of the protocol isn't spoken here; this service speaks 1"),
        ])
    func mistakes(line: String, says: String) throws {
        let message = try #require(self.message(line))
        #expect(message.contains(says), "\(message)")
    }

    @Test("a mistake of any length is told of in few words")
    func longMistakes() throws {
        let long = String(repeating: "x", count: 60_000)
        for line in [#"{"gatekeeper":1,"command":"\#(long)"}"#, #"{"gatekeeper":1,"command":"status","\#(long)":1}"#] {
            #expect(try #require(self.message(line)).utf8.count < 300)
        }
    }
}
