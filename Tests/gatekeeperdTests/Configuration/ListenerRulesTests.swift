import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Listeners and certificates in the configuration")
struct ListenerRulesTests {
    private func document(listen: String = "127.0.0.1:443", tls: String = "{certificate: chain.pem, key: key.pem}") -> String {
        """
        listen: [\(listen)]
        tls: \(tls)
        allow: [127.0.0.2]
        upstream: {url: "http://127.0.0.1:8080"}
        """
    }

    @Test("load balancers and an authority of its own belong to a listener")
    func listener() throws {
        let settings = try load(
            document(listen: "{address: 127.0.0.1:443, proxy_protocol_from: [10.0.0.4, 10.1.0.0/16], client_ca: ca.pem}, 127.0.0.1:8443"),
            files: ["ca.pem": ""]
        ).settings
        #expect(settings.listeners[0].proxyProtocolFrom.map(\.description) == ["10.0.0.4", "10.1.0.0/16"])
        #expect(settings.listeners[0].clientAuthorityPath?.hasSuffix("/ca.pem") == true)
        #expect(settings.listeners[1].proxyProtocolFrom.isEmpty)
        #expect(settings.listeners[1].clientAuthorityPath == nil)
    }

    @Test(
        "a listener among the addresses of another is told with the other's place, whichever stands first",
        arguments: [
            ("0.0.0.0:443, 127.0.0.1:443", "1:23: listen: 127.0.0.1:443 is among the addresses of 0.0.0.0:443 (", ":1:10)"),
            ("127.0.0.1:443, 0.0.0.0:443", "1:10: listen: 127.0.0.1:443 is among the addresses of 0.0.0.0:443 (", ":1:25)"),
            ("443, 192.0.2.1:443", "1:15: listen: 192.0.2.1:443 is among the addresses of [::]:443 (", ":1:10)"),
            ("443, \"[2001:db8::1]:443\"", "1:15: listen: [2001:db8::1]:443 is among the addresses of [::]:443 (", ":1:10)"),
        ])
    func overlapping(listen: String, message: String, place: String) throws {
        let lines = try mistakes(in: document(listen: listen))
        #expect(lines.count == 1 && lines[0].hasPrefix("gatekeeper.yaml:" + message) && lines[0].contains(place), "\(lines)")
    }

    @Test(
        "both wildcards, other ports and free ones are no overlap",
        arguments: [
            "0.0.0.0:443, \"[::]:443\"", "0.0.0.0:443, \"[2001:db8::1]:443\"", "0.0.0.0:443, 127.0.0.1:8443", "0.0.0.0:0, 127.0.0.1:0",
            "127.0.0.1:443, 127.0.0.2:443", "0.0.0.0:443, \"[::]:443\", 8443",
        ])
    func sideBySide(listen: String) throws {
        #expect(try mistakes(in: document(listen: listen)).isEmpty)
    }

    @Test("certificates stand in the order of the file")
    func certificates() throws {
        let tls = try load(
            document(
                tls: "{certificates: [{certificate: chain.pem, key: key.pem}, {certificate: b.pem, key: b-key.pem}], "
                    + "sni_strict: true, client_ca: b.pem}"),
            files: ["b.pem": "", "b-key.pem": ""]
        ).settings.tls
        #expect(tls.certificates.map { String($0.path.split(separator: "/").last ?? "") } == ["chain.pem", "b.pem"])
        #expect(tls.certificates.map { String($0.keyPath.split(separator: "/").last ?? "") } == ["key.pem", "b-key.pem"])
        #expect(tls.refusesUnknownNames)
        #expect(tls.clientAuthorityPath?.hasSuffix("/b.pem") == true)
    }

    @Test(
        "what can't be meant is explained where it stands",
        arguments: [
            ("0.0.0.0/0", "0.0.0.0/0 is everybody, and whoever is listed here can say to be any address"),
            ("::/0", "::/0 is everybody, and whoever is listed here can say to be any address"),
            ("10.0.0", "IPv4 needs four parts"), ("balancer.example", "is a name"), ("\"\"", "an address is missing"),
        ])
    func balancers(_ value: String, message: String) throws {
        let found = try mistakes(
            in: document(listen: "{address: 127.0.0.1:443, proxy_protocol_from: [\"\(value.replacing("\"", with: ""))\"]}"))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("gatekeeper.yaml:1:") == true, "\(found)")
        #expect(found.first?.contains("listen: proxy_protocol_from: ") == true, "\(found)")
        #expect(found.first?.contains(message) == true, "\(found)")
    }

    @Test("a listener may be without its address, and link-local ones differ by their interface")
    func free() throws {
        let listeners = try load(
            document(listen: "{address: 192.0.2.7:443, free_bind: yes}, \"[fe80::1%eth0]:443\", \"[fe80::1%eth1]:443\"")
        ).settings.listeners
        #expect(listeners.map(\.isFree) == [true, false, false])
        #expect(listeners.map(\.address.description) == ["192.0.2.7:443", "[fe80::1%eth0]:443", "[fe80::1%eth1]:443"])
        let found = try mistakes(in: document(listen: "{address: 192.0.2.7:443, free_bind: maybe}"))
        #expect(found.count == 1 && found.first?.contains("listen: free_bind: ") == true, "\(found)")
    }

    @Test(
        "certificates are named once, and whole",
        arguments: [
            ("{certificates: [{certificate: chain.pem}]}", "tls.certificates: the key is missing"),
            ("{certificates: [chain.pem]}", "tls.certificates: the key is missing"),
            ("{certificates: [{key: key.pem}]}", "tls.certificates: the certificate is missing"),
            (
                "{certificate: chain.pem, key: key.pem, certificates: [{certificate: chain.pem, key: key.pem}]}",
                "tls.certificates is there too; name each certificate in one place"
            ),
            ("{certificate: chain.pem, key: key.pem, client_ca: none.pem}", "tls.client_ca: "),
            ("{certificates: [{certificate: none.pem, key: key.pem}]}", "tls.certificates: certificate: "),
            ("{certificates: []}", "tls.certificate is missing"),
            ("{certificate: chain.pem, key: key.pem, sni_strict: maybe}", "tls.sni_strict: "),
        ])
    func certificateMistakes(_ tls: String, message: String) throws {
        let found = try mistakes(in: document(tls: tls))
        #expect(found.contains { $0.contains(message) }, "\(found)")
        #expect(found.allSatisfy { $0.hasPrefix("gatekeeper.yaml:2:") }, "\(found)")
    }
}
