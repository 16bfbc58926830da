import Gatekeeper
import Testing

@testable import gatekeeperd

/// Whatever is in the file, reading it ends with settings or with mistakes that have a place.
@Suite("Garbage in a configuration")
struct ConfigurationGarbageTests {
    private static let sample = Array(
        """
        # a comment
        listen:
          - address: 0.0.0.0:443
          - "[::]:8443"
        tls: {certificate: chain.pem, key: '${DIR}/key.pem', minimum_version: "1.2"}
        allow: [34.202.14.153, {address: 10.0.0.0/24, label: "Tier2 é"}, {file: extra.txt}]
        on_deny: reset
        upstream:
          url: http://10.0.0.5:8080
          idle: {connections: 8, for: 60s}
        limits: {request_body: 32MiB, head: 16KiB}
        log:
          to: >-
            stdout

        """.utf8)

    private func read(_ bytes: [UInt8]) -> [Finding] {
        var reader = ConfigurationReader { $0 == "DIR" ? "/run" : nil }
        reader.read(bytes, path: "/nowhere/gatekeeper.yaml")
        do throws(ConfigurationError) {
            return try Validation.judge(reader).warnings
        } catch {
            return error.findings
        }
    }

    @Test("a file that is cut anywhere is read or refused")
    func torn() {
        for count in 0...Self.sample.count {
            let findings = read(Array(Self.sample.prefix(count)))
            // The files it names aren't there, so every piece has something to complain about.
            #expect(!findings.isEmpty)
            for finding in findings { #expect(finding.description.hasPrefix("/nowhere/gatekeeper.yaml:")) }
        }
    }

    @Test(
        "a file with any byte replaced is read or refused",
        arguments: [0x00, 0x09, 0x0a, 0x22, 0x26, 0x2a, 0x3a, 0x5b, 0x7b, 0x7d, 0xc3, 0xff] as [UInt8])
    func replaced(_ byte: UInt8) {
        for index in Self.sample.indices {
            var bytes = Self.sample
            bytes[index] = byte
            #expect(!read(bytes).isEmpty)
        }
    }

    @Test("random mutations are read or refused", arguments: [1, 2, 3, 4] as [UInt64])
    func mutated(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = Self.sample
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(Int.random(in: 0...20, using: &random)), at: index)
                }
            }
            _ = read(bytes)
        }
    }
}
