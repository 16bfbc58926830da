import Foundation
import Synchronization
import Testing

@testable import Gatekeeper

struct ThreadTests {
    @Test("a thread runs under the name that it was given, until it is joined")
    func name() throws {
        let log = NameLog()
        let thread = try Gatekeeper.Thread(name: "worker-7") { log.note() }
        thread.join()
        #expect(log.name == "worker-7\n")
    }

    private final class NameLog: Sendable {
        private let state = Mutex("")

        var name: String { state.withLock { $0 } }

        func note() {
            let name = (try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) ?? "unknown"
            state.withLock { $0 = name }
        }
    }
}
