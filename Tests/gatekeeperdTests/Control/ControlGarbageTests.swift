import Gatekeeper
import Testing

@testable import gatekeeperd

/// Whatever comes as a request ends as one that can be written again, or as a failure in few words.
struct ControlGarbageTests {
    private static let samples = [
        #"{"gatekeeper":1,"command":"grant","address":"192.0.2.0/24","for_seconds":7200,"reason":"K\u00e4se \"x\""}"#,
        #"{"gatekeeper":1,"command":"apply","file":"/etc/gatekeeper/new.yaml","confirm_seconds":120}"#,
        #"{"gatekeeper":1,"command":"grants","all":true}"#, #"{"gatekeeper":1,"command":"revoke","address":"2001:db8::/32"}"#,
    ].map { Array($0.utf8) }

    private func check(_ bytes: [UInt8]) {
        do throws(ControlFailure) {
            let request = try ControlRequest(bytes)
            #expect((try? ControlRequest(Array(request.json.text.utf8))) == request, "\(bytes)")
        } catch {
            #expect(error.message.utf8.count < 400, "\(error.message)")
            #expect(ControlReply(error).line.count < 4096)
        }
    }

    @Test("a request that is cut anywhere is refused")
    func torn() {
        for sample in Self.samples {
            for count in 0..<sample.count {
                #expect(throws: ControlFailure.self) { try ControlRequest(Array(sample.prefix(count))) }
            }
        }
    }

    @Test("a request with any byte changed is read or refused")
    func changed() {
        for sample in Self.samples {
            for index in sample.indices {
                for byte: UInt8 in [0, 9, 34, 44, 48, 58, 92, 123, 125, 128, 255] {
                    var bytes = sample
                    bytes[index] = byte
                    check(bytes)
                }
            }
        }
    }

    @Test("pieces of requests in any order are read or refused", arguments: 1...8 as ClosedRange<UInt64>)
    func mixed(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func next(below bound: Int) -> Int { .random(in: 0..<bound, using: &random) }
        for _ in 0..<500 {
            var bytes: [UInt8] = []
            for _ in 0...next(below: 5) {
                let sample = Self.samples[next(below: Self.samples.count)]
                let start = next(below: sample.count)
                bytes += sample[start..<start + 1 + next(below: sample.count - start)]
            }
            check(bytes)
        }
    }
}
