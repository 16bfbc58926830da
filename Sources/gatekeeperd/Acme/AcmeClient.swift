internal import Gatekeeper
internal import Synchronization

/// Orders certificates on a thread of its own, for all of them and as long as this lives. Told by the control thread, which it never makes wait.
final class AcmeClient: Sendable {
    /// Readable when something has changed; `silence` it, then look at `states`.
    private let changed: ReadinessPipe
    private let shared: Shared
    private let store: AcmeStore
    private let surroundings: AcmeRenewer.Surroundings

    private enum Word: Sendable {
        case follow([AcmeSettings])
        case renew([String]?, isUndue: Bool)
        case tryOut([String], directory: String)
    }

    /// What both threads hold.
    private final class Shared: Sendable {
        let told: ReadinessPipe
        let words = Mutex<[Word]>([])
        let states = Mutex<[AcmeState]>([])
        let isStopped = Atomic<Bool>(false)
        let isRunning = Mutex(false)

        init() throws(SystemError) {
            told = try ReadinessPipe()
        }

        func takeWords() -> [Word] {
            words.withLock { words in
                defer { words = [] }
                return words
            }
        }
    }

    private static let lockMilliseconds: Int64 = 1_000

    /// - Parameter state: the folder of `state:`.
    init(state: String, _ surroundings: AcmeRenewer.Surroundings) throws(SystemError) {
        changed = try ReadinessPipe()
        shared = try Shared()
        store = AcmeStore(root: AcmeSettings.root(state: state))
        self.surroundings = surroundings
    }

    // MARK: The control thread's side

    var states: [AcmeState] { shared.states.withLock { $0 } }

    var number: Int32 { changed.reading.number }

    /// To be called when `number` is readable.
    func silence() {
        _ = ReadinessPipe.hasSpoken(changed.reading)
    }

    /// These are the certificates from now on. The thread begins with the first of them.
    func follow(_ settings: [AcmeSettings]) throws(SystemError) {
        tell(.follow(settings))
        try shared.isRunning.withLock { (isRunning) throws(SystemError) in
            guard !isRunning, !settings.isEmpty else { return }
            try Thread(name: "acme") { [self] in run() }.detach()
            isRunning = true
        }
    }

    /// Those of these names, or all; `isUndue` whether they are due or not. Four failures within an hour are waited out all the same.
    func renew(_ names: [String]?, isUndue: Bool) { tell(.renew(names, isUndue: isUndue)) }

    /// What comes of it is in the state.
    func tryOut(_ names: [String], directory: String) { tell(.tryOut(names, directory: directory)) }

    /// Has it look again, when `mayOrder` may have changed.
    func wake() { ReadinessPipe.speak(on: shared.told.writing) }

    /// Ends the thread, with its window and its lock, as soon as it has an answer that it waits for. Its order is taken up by the next process.
    func stop() {
        shared.isStopped.store(true, ordering: .releasing)
        wake()
    }

    private func tell(_ word: Word) {
        shared.words.withLock { $0.append(word) }
        wake()
    }

    // MARK: The thread's side

    private func run() {
        let renewer = AcmeRenewer(store, surroundings, pause: { [self] in rest(milliseconds: $0, isPatient: true) }, publish: publish)
        var lock: Descriptor?
        var dryRuns: [(names: [String], directory: String)] = []
        while !shared.isStopped.load(ordering: .acquiring) {
            for word in shared.takeWords() {
                switch word {
                case .follow(let settings): renewer.follow(settings)
                case .renew(let names, let isUndue): renewer.renew(names, isUndue: isUndue)
                case .tryOut(let names, let directory):
                    if !dryRuns.contains(where: { $0.names == names }) { dryRuns.append((names, directory)) }
                }
            }
            do throws(SystemError) {
                if lock == nil { lock = try takeLock() }
                if lock == nil { renewer.withhold(.locked) }
            } catch {
                renewer.withhold(because: AcmeError(error))
            }
            guard lock != nil else {
                _ = rest(milliseconds: Self.lockMilliseconds, isPatient: false)
                continue
            }
            let patience = renewer.pass()
            guard dryRuns.isEmpty else {
                // What is due comes first.
                let dryRun = dryRuns.removeFirst()
                renewer.tryOut(dryRun.names, directory: dryRun.directory)
                continue
            }
            _ = rest(milliseconds: patience, isPatient: false)
        }
    }

    /// Nil while another process has it.
    private func takeLock() throws(SystemError) -> Descriptor? {
        try DurableFile.makeFolder(store.root)
        return try DurableFile.lock(store.root + "/lock")
    }

    private func publish(_ states: [AcmeState]) {
        let isNew = shared.states.withLock { known in
            defer { known = states }
            return known != states
        }
        if isNew { ReadinessPipe.speak(on: changed.writing) }
    }

    /// Waits; false when this process ends.
    ///
    /// - Parameter isPatient: whatever else it is told meanwhile.
    private func rest(milliseconds: Int64, isPatient: Bool) -> Bool {
        let end = surroundings.clock.now().instant.advanced(byMilliseconds: Int(clamping: milliseconds))
        while !shared.isStopped.load(ordering: .acquiring) {
            let left = Int32(clamping: (end.nanoseconds(since: surroundings.clock.now().instant) + 999_999) / 1_000_000)
            guard left > 0, isPatient || shared.words.withLock(\.isEmpty) else { return true }
            guard Poll.wait(for: shared.told.reading.number, milliseconds: left) else { continue }
            _ = ReadinessPipe.hasSpoken(shared.told.reading)
            if !isPatient { return true }
        }
        return false
    }
}
