/// Turns what is in the inbox into lines: the journal's thread without the thread.
///
/// Lines come in the order of their times, over all workers: a turn takes the oldest of what lies ahead in each ring and in the mail, and leaves
/// what happened after `cutoff` for the next one, because a worker that is in the middle of its turn may still tell of that moment.
///
/// ```
///   worker 0   12 15 19 │ 31          written: 12 13 15 18 19
///   worker 1      13 18 │ 25          left:    25 31
///                    cutoff
/// ```
struct LogFormatter: ~Copyable {
    private let inbox: JournalInbox
    private var output: JournalOutput
    private var denials: SourceAggregator<DenialReason>
    private var handshakes = SourceAggregator<HandshakeFailure>()
    private var listeners: [String] = []
    /// The control plane's lines that haven't been written yet.
    private var events: [JournalInbox.Event] = []
    /// When to try whether there is room again; nil while nothing waits to be told as lost.
    private var retryAt: Instant?

    static let retryMilliseconds = 2_000

    init(inbox: JournalInbox, descriptor: Int32, denials: SourceAggregator<DenialReason> = SourceAggregator()) {
        self.inbox = inbox
        self.denials = denials
        output = JournalOutput(descriptor: descriptor)
    }

    /// When there is something to write even if nothing more happens.
    var deadline: Instant? {
        guard events.isEmpty else { return Instant(nanoseconds: 0) }
        return [denials.deadline, handshakes.deadline, retryAt].compactMap(\.self).min()
    }

    /// Writes what there is. `givesUp` is asked while the reader of the log doesn't read.
    ///
    /// - Parameter cutoff: what happened after it, and not after `wallMilliseconds`, is left for the next turn. What seems to happen in the
    ///   future was stamped before the clock was set back, and isn't waited for.
    mutating func turn(now: Instant, wallMilliseconds: Int64, cutoff: Int64 = .max, givesUp: () -> Bool = { false }) {
        let mail = inbox.collect()
        listeners = mail.listeners
        output.write(as: mail.format, toSyslog: mail.syslogPath)
        output.lose(mail.dropped)
        for ring in inbox.rings { output.lose(ring.collectDropped()) }
        events += mail.events
        // A ring that fills up loses more than the order.
        let cutoff = inbox.rings.contains { $0.fill > $0.capacity / 2 } ? .max : cutoff
        writeInOrder(now: now, givesUp) { $0 <= cutoff || $0 > wallMilliseconds }
        for ring in inbox.rings {
            for reason in DenialReason.allCases {
                let count = ring.collectDeniedUnseen(reason)
                denials.addUnseen(count, reason: reason, wallMilliseconds: wallMilliseconds, now: now)
                inbox.denials.countUnseen(count, reason: reason, wallMilliseconds: wallMilliseconds)
            }
        }
        // No later than what is left.
        let summed = min(cutoff, wallMilliseconds)
        for summary in denials.summaries(now: now) { write(summary, summed, givesUp) }
        for summary in handshakes.summaries(now: now) { write(summary, summed, givesUp) }
        output.flush(givesUp: givesUp)
        tellLoss(now, wallMilliseconds)
        inbox.note(linesDropped: output.droppedInAll)
        inbox.note(failure: output.failure, wallMilliseconds: wallMilliseconds)
    }

    /// With the next line, or by itself when none comes.
    private mutating func tellLoss(_ now: Instant, _ wallMilliseconds: Int64) {
        if let retryAt, retryAt <= now {
            output.reportLoss(wallMilliseconds: wallMilliseconds)
            self.retryAt = nil
        }
        if output.dropped == 0 {
            retryAt = nil
        } else if retryAt == nil {
            retryAt = now.advanced(byMilliseconds: Self.retryMilliseconds)
        }
    }

    private mutating func writeInOrder(now: Instant, _ givesUp: () -> Bool, isDue: (Int64) -> Bool) {
        var readers = inbox.rings.map { JournalRing.Reader($0) }
        var eventsWritten = 0
        while true {
            var first = events.dropFirst(eventsWritten).first.map(\.wallMilliseconds).flatMap { isDue($0) ? $0 : nil }
            var worker: Int?
            for index in readers.indices {
                guard let next = readers[index].next, isDue(next), first.map({ next < $0 }) ?? true else { continue }
                first = next
                worker = index
            }
            if let worker {
                readers[worker].take { kind, content in write(kind, content, worker, now, givesUp) }
            } else if first != nil {
                write(events[eventsWritten], givesUp)
                eventsWritten += 1
            } else {
                break
            }
        }
        events.removeFirst(eventsWritten)
    }

    private mutating func write(_ kind: UInt8, _ content: Span<UInt8>, _ worker: Int, _ now: Instant, _ givesUp: () -> Bool) {
        switch JournalRecord(rawValue: kind) {
        case .denied: denied(content, worker, now, givesUp)
        case .tlsFailed: tlsFailed(content, worker, now, givesUp)
        case .exchange: exchange(content, worker, givesUp)
        case .event: event(content, worker, givesUp)
        case nil: output.lose(1)
        }
    }

    /// The last turn: also what was counted and would have been said later.
    mutating func finish(now: Instant, wallMilliseconds: Int64, givesUp: () -> Bool) {
        turn(now: now, wallMilliseconds: wallMilliseconds, givesUp: givesUp)
        for summary in denials.finish() { write(summary, wallMilliseconds, givesUp) }
        for summary in handshakes.finish() { write(summary, wallMilliseconds, givesUp) }
        if let lastWord = inbox.collect().lastWord { write(lastWord, givesUp) }
        output.flush(givesUp: givesUp)
        if output.dropped > 0 {
            output.end(output.begin("dropped", .warning, wallMilliseconds: wallMilliseconds), givesUp: givesUp)
            output.flush(givesUp: givesUp)
        }
    }

    // MARK: Lines

    private mutating func denied(_ content: Span<UInt8>, _ worker: Int, _ now: Instant, _ givesUp: () -> Bool) {
        var record = RecordReader(content)
        let wallMilliseconds = record.number(Int64.self)
        let peer = record.peer()
        let proxy = record.optionalPeer()
        let listener = record.number(UInt16.self)
        guard let reason = DenialReason(rawValue: record.number()) else { return output.lose(1) }
        inbox.denials.count(peer, reason: reason, wallMilliseconds: wallMilliseconds)
        guard denials.add(peer, reason: reason, wallMilliseconds: wallMilliseconds, now: now) else { return }
        let line = output.begin("denied", .notice, wallMilliseconds: wallMilliseconds)
        common(line, stage: .admission, peer: peer, proxy: proxy, listener: listener, worker: worker)
        line.word("reason", reason.word, lead: ": ")
        line.number("count", 1)
        output.end(line, givesUp: givesUp)
    }

    private mutating func write(_ summary: DenialSummary, _ wallMilliseconds: Int64, _ givesUp: () -> Bool) {
        let line = output.begin("denied_summary", .notice, wallMilliseconds: wallMilliseconds)
        line.word("stage", Stage.admission.word)
        source(line, summary)
        line.word("reason", summary.reason.word, lead: ": ")
        counts(line, summary)
        output.end(line, givesUp: givesUp)
    }

    private mutating func write(_ summary: SourceSummary<HandshakeFailure>, _ wallMilliseconds: Int64, _ givesUp: () -> Bool) {
        let line = output.begin("tls_failed_summary", .notice, wallMilliseconds: wallMilliseconds)
        line.word("stage", Stage.downstream.word)
        source(line, summary)
        let reason = summary.reason.word
        line.text("reason", reason.utf8.span, lead: ": ")
        if summary.reason.alert != 0 { line.word("alert", TLSAlert.word(summary.reason.alert)) }
        counts(line, summary)
        output.end(line, givesUp: givesUp)
    }

    private mutating func tlsFailed(_ content: Span<UInt8>, _ worker: Int, _ now: Instant, _ givesUp: () -> Bool) {
        var record = RecordReader(content)
        let wallMilliseconds = record.number(Int64.self)
        let peer = record.peer()
        let proxy = record.optionalPeer()
        let listener = record.number(UInt16.self)
        let alert = record.number(UInt8.self)
        let reason = record.text()
        let failure = HandshakeFailure(content.bytes(reason.range), alert: alert)
        guard handshakes.add(peer, reason: failure, wallMilliseconds: wallMilliseconds, now: now) else { return }
        let line = output.begin("tls_failed", .notice, wallMilliseconds: wallMilliseconds)
        common(line, stage: .downstream, peer: peer, proxy: proxy, listener: listener, worker: worker)
        text(line, "reason", reason, of: content, lead: ": ")
        if alert != 0 { line.word("alert", TLSAlert.word(alert)) }
        line.number("count", 1)
        output.end(line, givesUp: givesUp)
    }

    /// What failed handshakes are told apart by: TLS's words, of which there are some hundred, and an alert.
    private struct HandshakeFailure: SummedReason {
        let word: String
        let alert: UInt8

        init(_ reason: Span<UInt8>, alert: UInt8) {
            word = String(decoding: reason.indices.map { reason[$0] }, as: UTF8.self)
            self.alert = alert
        }
    }

    private mutating func exchange(_ content: Span<UInt8>, _ worker: Int, _ givesUp: () -> Bool) {
        var record = RecordReader(content)
        let ended = record.number(Int64.self)
        let peer = record.peer()
        let proxy = record.optionalPeer()
        let duration = record.number(UInt64.self)
        let upstreamDuration = record.number(UInt64.self)
        let bytesIn = record.number(UInt64.self)
        let bytesOut = record.number(UInt64.self)
        let port = record.number(UInt16.self)
        let listener = record.number(UInt16.self)
        let status = record.number(UInt16.self)
        let tls = TLSVersion(rawValue: record.number())
        guard let version = HTTPVersion(rawValue: record.number()), let outcome = Outcome(rawValue: record.number()),
            let stage = Stage(rawValue: record.number())
        else { return output.lose(1) }
        let flags = record.number(UInt8.self)
        let id = record.text()
        let method = record.text()
        let path = record.text()
        let upstream = record.text()
        let host = record.text()
        let label = record.text()
        let reason = record.text()
        let shadow = record.text()
        if inbox.learned.isOn, outcome != .refused, status != 0 {
            inbox.learned.note(
                label: String(decoding: content.bytes(label.range).indices.map { content.bytes(label.range)[$0] }, as: UTF8.self),
                method: content.bytes(method.range), target: content.bytes(path.range), isCut: path.isCut, status: status,
                wallMilliseconds: ended)
        }
        guard flags & JournalRecord.lineless == 0 else { return }

        let line =
            outcome == .refused
            ? output.begin("refused", .notice, wallMilliseconds: ended) : output.begin("request", .information, wallMilliseconds: ended)
        common(line, stage: stage, peer: peer, proxy: proxy, listener: listener, worker: worker)
        line.number("port", UInt64(port))
        text(line, "id", id, of: content)
        if !label.isEmpty { text(line, "label", label, of: content) }
        if !host.isEmpty { text(line, "host", host, of: content) }
        text(line, "method", method, of: content, lead: ": ")
        text(line, "path", path, of: content, lead: " ")
        line.number("status", UInt64(status), lead: " ")
        line.number("bytes_in", bytesIn)
        line.number("bytes_out", bytesOut)
        line.milliseconds("duration_ms", nanoseconds: duration)
        if !upstream.isEmpty { text(line, "upstream", upstream, of: content) }
        if upstreamDuration != JournalRecord.none64 { line.milliseconds("upstream_ms", nanoseconds: upstreamDuration) }
        if let tls { line.word("tls", tls == .tls13 ? "TLSv1.3" : "TLSv1.2") }
        line.word("protocol", version == .http10 ? "HTTP/1.0" : "HTTP/1.1")
        line.word("outcome", outcome.word)
        if !reason.isEmpty { text(line, "reason", reason, of: content, lead: ": ") }
        if !shadow.isEmpty { text(line, "shadow", shadow, of: content) }
        if flags & JournalRecord.rareFlag != 0 {
            for name: StaticString in ["dropped_fields", "user_agent", "cipher", "trace"] {
                let value = record.text()
                if !value.isEmpty { text(line, name, value, of: content) }
            }
        }
        output.end(line, givesUp: givesUp)
    }

    private mutating func event(_ content: Span<UInt8>, _ worker: Int, _ givesUp: () -> Bool) {
        var record = RecordReader(content)
        let wallMilliseconds = record.number(Int64.self)
        let peer = record.peer()
        let listener = record.number(UInt16.self)
        let stage = Stage(rawValue: record.number())
        let hasPeer = record.number(UInt8.self) == 1
        let fieldCount = record.number(UInt8.self)
        let name = record.text()
        let line = output.begin(content.bytes(name.range), wallMilliseconds: wallMilliseconds)
        common(line, stage: stage, peer: hasPeer ? peer : nil, listener: listener, worker: worker)
        for _ in 0..<fieldCount {
            let name = record.text()
            if record.number(UInt8.self) == 1 {
                line.field(content.bytes(name.range), number: record.number())
            } else {
                let value = record.text()
                line.field(content.bytes(name.range), text: content.bytes(value.range), isCut: value.isCut)
            }
        }
        output.end(line, givesUp: givesUp)
    }

    private mutating func write(_ event: JournalInbox.Event, _ givesUp: () -> Bool) {
        let name = event.name
        let line = output.begin(name.utf8.span, wallMilliseconds: event.wallMilliseconds)
        if let stage = event.stage { line.word("stage", stage.word) }
        for field in event.fields.prefix(JournalRecord.fieldsMax) {
            let name = field.name
            switch field.value {
            case .text(let text):
                let bytes = text.utf8.span
                let isCut = bytes.count > JournalRecord.valueBytesMax
                line.field(
                    name.utf8.span, text: isCut ? bytes.extracting(first: JournalRecord.valueBytesMax) : bytes, isCut: isCut)
            case .number(let number):
                line.field(name.utf8.span, number: number)
            }
        }
        output.end(line, givesUp: givesUp)
    }

    // MARK: Pieces of lines

    private func source<Reason>(_ line: borrowing LogLine, _ summary: SourceSummary<Reason>) {
        guard let peer = summary.peer else { return line.word("peer", "others", lead: " ") }
        guard summary.isNetwork else { return line.peer("peer", peer, lead: " ") }
        let network = AddressPrefix(containing: peer, length: Int(DenialSummary.networkBits)).description
        line.text("peer", network.utf8.span, lead: " ")
    }

    private func counts<Reason>(_ line: borrowing LogLine, _ summary: SourceSummary<Reason>) {
        line.number("count", summary.count)
        line.time("first", summary.firstMilliseconds)
        line.time("last", summary.lastMilliseconds)
        line.number("sources", UInt64(summary.sources))
    }

    /// The fields that follow `time` and `event` on every line.
    private func common(
        _ line: borrowing LogLine, stage: Stage?, peer: PeerAddress?, proxy: PeerAddress? = nil, listener: UInt16, worker: Int
    ) {
        if let stage { line.word("stage", stage.word) }
        if let peer { line.peer("peer", peer, lead: " ") }
        if let proxy { line.peer("proxy", proxy, lead: " via ") }
        if Int(listener) < listeners.count { line.text("listener", listeners[Int(listener)].utf8.span, lead: " at ") }
        line.number("worker", UInt64(worker))
    }

    private func text(
        _ line: borrowing LogLine, _ name: StaticString, _ text: RecordText, of content: Span<UInt8>, lead: StaticString? = nil
    ) {
        line.text(name, content.bytes(text.range), isCut: text.isCut, lead: lead)
    }
}
