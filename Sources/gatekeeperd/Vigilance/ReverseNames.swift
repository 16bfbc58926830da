internal import Gatekeeper
internal import Synchronization

/// Names of candidates, asked for on a thread of their own: nobody waits for a name server.
///
/// One question at a time, a bounded number in all, and none while one hangs.
final class ReverseNames {
    typealias Ask = @Sendable (PeerAddress) -> String?

    private let ask: Ask
    private let answers = Answers()
    private var asked: Set<PeerAddress> = []
    private var waiting: [PeerAddress] = []
    private static let askedMax = 100

    private final class Answers: Sendable {
        let names = Mutex<[PeerAddress: String]>([:])
        let isBusy = Atomic(false)
    }

    init(ask: @escaping Ask = { ReverseName.ask($0) }) {
        self.ask = ask
    }

    /// The name of an address that was asked for earlier; nil until it is known, and where there is none. One that wasn't is asked for soon.
    func name(of address: PeerAddress) -> String? {
        if !asked.contains(address), asked.count < Self.askedMax {
            asked.insert(address)
            waiting.append(address)
        }
        return answers.names.withLock { $0[address] }
    }

    /// Begins to ask for what waits.
    func turn() {
        guard !waiting.isEmpty, !answers.isBusy.exchange(true, ordering: .acquiringAndReleasing) else { return }
        let (addresses, answers, ask) = (waiting, answers, ask)
        waiting = []
        do throws(SystemError) {
            try Thread(name: "names") {
                for address in addresses { if let name = ask(address) { answers.names.withLock { $0[address] = name } } }
                answers.isBusy.store(false, ordering: .releasing)
            }.detach()
        } catch {
            // It goes on without names.
            answers.isBusy.store(false, ordering: .releasing)
        }
    }

    /// Another silence, other candidates.
    func forget() { if asked.count >= Self.askedMax { asked = [] } }
}
