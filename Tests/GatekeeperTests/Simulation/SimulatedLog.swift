@testable import Gatekeeper

/// What a worker has put into its ring, for whoever checks it.
enum SimulatedLog {
    enum Entry: Equatable {
        case denied(PeerAddress, DenialReason)
        case tlsFailed(PeerAddress)
        case exchange(path: String, Outcome, status: UInt16)
        case event(String)
    }

    /// Everything since the last call, in the order in which it was said.
    static func read(_ ring: JournalRing) -> [Entry] {
        var entries: [Entry] = []
        var reader = JournalRing.Reader(ring)
        while reader.next != nil {
            reader.take { kind, content in
                if let entry = entry(kind, content) { entries.append(entry) }
            }
        }
        return entries
    }

    private static func entry(_ kind: UInt8, _ content: Span<UInt8>) -> Entry? {
        var record = RecordReader(content)
        // When.
        _ = record.number(Int64.self)
        let peer = record.peer()
        switch JournalRecord(rawValue: kind) {
        case .denied:
            // By which balancer, to which listener.
            _ = (record.peer(), record.number(UInt16.self))
            return DenialReason(rawValue: record.number()).map { .denied(peer, $0) }
        case .tlsFailed: return .tlsFailed(peer)
        case .exchange: return exchange(&record, content)
        case .event:
            // Listener, stage, whether there is a peer, fields.
            _ = (record.number(UInt16.self), record.number(UInt8.self), record.number(UInt8.self), record.number(UInt8.self))
            return .event(text(record.text().range, of: content))
        case nil: return nil
        }
    }

    private static func exchange(_ record: inout RecordReader, _ content: Span<UInt8>) -> Entry? {
        // The balancer, times and bytes, port and listener.
        _ = record.peer()
        for _ in 0..<4 { _ = record.number(UInt64.self) }
        _ = (record.number(UInt16.self), record.number(UInt16.self))
        let status = record.number(UInt16.self)
        _ = (record.number(UInt8.self), record.number(UInt8.self))
        let outcome = Outcome(rawValue: record.number())
        // Stage, and whether rare texts follow; identifier and method.
        _ = (record.number(UInt8.self), record.number(UInt8.self))
        _ = (record.text(), record.text())
        let path = text(record.text().range, of: content)
        return outcome.map { .exchange(path: path, $0, status: status) }
    }

    private static func text(_ range: ByteRange, of content: Span<UInt8>) -> String {
        String(decoding: (0..<Int(range.count)).map { content[Int(range.start) + $0] }, as: UTF8.self)
    }
}
