/// What one request has in the spool, as its worker sees it: a file, how much it holds, and the one transfer that may be under way.
final class SpooledBytes {
    enum Progress {
        case idle
        case underWay
        case done
        case failed
    }

    private let spool: Spool
    private let totalMax: Int
    private let source: PeerAddress
    private let timeoutMilliseconds: Int
    private let ring: @Sendable () -> Void
    private let file: SpoolFile
    private var transfer: SpoolTransfer?
    private var isOver = false
    /// Bytes in the file, or on their way there.
    private(set) var count = 0
    /// By when the transfer must be through.
    private(set) var deadline: Instant?

    /// - Parameters:
    ///   - totalMax: bytes of all requests together.
    ///   - folder: where the file lies.
    ///   - source: whose request it is.
    ///   - timeoutMilliseconds: what a transfer may take.
    ///   - ring: wakes whoever waits; called from the spool's thread.
    init(
        in spool: Spool, totalMax: Int, folder: String, source: PeerAddress, timeoutMilliseconds: Int, ring: @escaping @Sendable () -> Void
    ) {
        self.spool = spool
        self.totalMax = totalMax
        self.source = source
        self.timeoutMilliseconds = timeoutMilliseconds
        self.ring = ring
        file = SpoolFile(in: folder)
    }

    deinit {
        end()
    }

    /// A transfer is under way, or over and not yet looked at: its buffer is to be left alone.
    var isBusy: Bool { transfer != nil }

    /// It is over, and hasn't been looked at.
    var hasNews: Bool { transfer.map { $0.state != .underWay } ?? false }

    /// How the last transfer has gone; `done` and `failed` once.
    func look() -> Progress {
        switch transfer?.state {
        case nil: return .idle
        case .underWay: return .underWay
        case .done:
            forget()
            return .done
        case .failed:
            forget()
            return .failed
        }
    }

    /// Begins to write all of `buffer`; false when there is no room for it.
    func write(_ buffer: Buffer, now: Instant) -> Bool {
        guard spool.take(buffer.count, for: source, totalMax: totalMax) else { return false }
        count += buffer.count
        begin(.write, buffer, now: now)
        return true
    }

    /// Begins to read so many bytes into `buffer`, behind what it holds.
    func read(at offset: Int, count: Int, into buffer: Buffer, now: Instant) {
        begin(.read(offset: offset, count: count), buffer, now: now)
    }

    private func begin(_ direction: SpoolTransfer.Direction, _ buffer: Buffer, now: Instant) {
        let transfer = SpoolTransfer(direction, file, buffer, ring: ring)
        self.transfer = transfer
        deadline = now.advanced(byMilliseconds: timeoutMilliseconds)
        spool.submit(transfer)
    }

    private func forget() {
        transfer = nil
        deadline = nil
    }

    /// The file goes, and its room is somebody else's.
    func end() {
        guard !isOver else { return }
        isOver = true
        transfer?.abandon()
        if count > 0 { spool.discard(file, bytes: count, of: source) }
    }
}
