import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Demo")
struct DemoTests {
    @Test("nothing listens or connects beyond loopback")
    func loopback() throws {
        let folder = try PrivateFolder(temporaryNamed: "gatekeeper-tests")
        let certificate = try DemoCertificate(in: folder)
        let settings = try Demo.source(port: 0, certificate: certificate, upstreamPort: 8080).read().configuration.settings
        #expect(settings.listeners.map(\.address.description) == ["127.0.0.1:0"])
        #expect(settings.upstream.servers[0].endpoint == .address(SocketAddress(address: PeerAddress(ipv4: 0x7f00_0001), port: 8080)))
        #expect(settings.allow.map(\.prefix.description) == ["127.0.0.2", "127.0.0.3"])
    }

    @Test("a certificate is made once, its authority can't sign another, and a temporary folder goes with its owner")
    func certificate() throws {
        let path: String
        do {
            let folder = try PrivateFolder(temporaryNamed: "gatekeeper-tests")
            path = folder.path
            let first = try DemoCertificate(in: folder)
            let made = try Data(contentsOf: URL(fileURLWithPath: first.certificatePath))
            _ = try DemoCertificate(in: folder)
            #expect(try Data(contentsOf: URL(fileURLWithPath: first.certificatePath)) == made)
            #expect(!FileManager.default.fileExists(atPath: path + "/ca-key.pem"))
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
            #expect(
                try Program.run(
                    ["openssl", "verify", "-CAfile", first.authorityPath, first.certificatePath], output: folder.file("verify.log")) == 0)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("the printed commands survive any folder name")
    func quoting() {
        let lines = Demo.lines(port: 8443, authorityPath: "/tmp/it's here/ca.pem").filter { $0.hasPrefix("curl ") }
        #expect(lines.count == 5)
        #expect(lines.allSatisfy { $0.contains(" --cacert '/tmp/it'\\''s here/ca.pem' --interface 127.0.0.") })
        #expect(lines.last?.contains("--interface \(Demo.stranger) ") == true)
    }

    @Test("a program's exit status and signal are told apart")
    func programs() throws {
        let folder = try ScratchFolder()
        #expect(try Program.run(["sh", "-c", "exit 3"], output: folder.file("log")) == 3)
        #expect(try Program.run(["sh", "-c", "kill -TERM $$"], output: folder.file("log")) == 143)
        #expect(throws: SystemError.self) { try Program.run(["no-such-program-here"], output: folder.file("log")) }
    }
}
