/// The records that workers put into their rings, as written. `LogFormatter` reads them back, in the same order, with a `RecordReader`.
///
/// Each begins with its time, by which the journal puts those of all workers in order. Numbers are in the machine's order, never leave the
/// process, and stand before the texts; a text is its length (two bytes, the upper bit set if it was cut) and its bytes.
enum JournalRecord: UInt8 {
    case denied = 1
    case tlsFailed
    case exchange
    case event

    static let none16 = UInt16.max
    static let none8 = UInt8.max
    static let none64 = UInt64.max
    /// `::`, from which no connection comes.
    static let noAddress = PeerAddress(high: 0, low: 0)
    static let cutFlag: UInt16 = 0x8000
    /// Of an exchange: texts follow that few have; the log isn't told.
    static let rareFlag: UInt8 = 1
    static let lineless: UInt8 = 2
    static let fieldsMax = 16
    /// Of a field's value in an event.
    static let valueBytesMax = 1024

    /// Bytes that a text of `count` takes, at most `bytesMax` of it kept.
    static func size(_ count: Int, max bytesMax: Int = JournalWriter.wordBytesMax) -> Int {
        2 + min(count, bytesMax)
    }
}

extension JournalRing.Writer {
    mutating func denied(peer: PeerAddress, proxy: PeerAddress?, listener: Int, reason: DenialReason, wallMilliseconds: Int64) {
        guard begin(kind: JournalRecord.denied.rawValue, count: 43) else { return dropDenials(1, reason) }
        put(wallMilliseconds)
        put(peer)
        put(proxy ?? JournalRecord.noAddress)
        put(UInt16(truncatingIfNeeded: listener))
        put(reason.rawValue)
        end()
    }

    mutating func tlsFailed(
        peer: PeerAddress, proxy: PeerAddress?, listener: Int, reason: String, alert: UInt8, wallMilliseconds: Int64
    ) {
        let reason = reason.utf8.span
        guard begin(kind: JournalRecord.tlsFailed.rawValue, count: 43 + JournalRecord.size(reason.count)) else { return drop() }
        put(wallMilliseconds)
        put(peer)
        put(proxy ?? JournalRecord.noAddress)
        put(UInt16(truncatingIfNeeded: listener))
        put(alert)
        put(text: reason)
        end()
    }

    mutating func exchange(_ verdict: borrowing ExchangeVerdict, _ texts: borrowing VerdictTexts, hasLine: Bool = true) {
        let labelCount = verdict.label?.utf8.count ?? 0
        let reasonCount = verdict.reason?.utf8CodeUnitCount ?? 0
        let shadowCount = verdict.shadow?.utf8CodeUnitCount ?? 0
        var count =
            JournalRecord.size(texts.id.count) + JournalRecord.size(texts.method.count) + JournalRecord.size(texts.upstream.count)
            + JournalRecord.size(texts.host.count) + JournalRecord.size(labelCount) + JournalRecord.size(reasonCount)
            + JournalRecord.size(shadowCount) + JournalRecord.size(texts.path.count, max: JournalWriter.textBytesMax)
        let hasRare = texts.hasRare
        if hasRare {
            count +=
                JournalRecord.size(texts.dropped.count, max: JournalRecord.valueBytesMax) + JournalRecord.size(texts.userAgent.count)
                + JournalRecord.size(texts.cipher.count) + JournalRecord.size(texts.trace.count)
        }
        guard begin(kind: JournalRecord.exchange.rawValue, count: 83 + count) else { return drop() }
        put(verdict.endedMilliseconds)
        put(verdict.peer)
        put(verdict.proxy ?? JournalRecord.noAddress)
        put(verdict.durationNanoseconds)
        put(verdict.upstreamNanoseconds ?? JournalRecord.none64)
        put(verdict.bytesIn)
        put(verdict.bytesOut)
        put(verdict.port)
        put(UInt16(truncatingIfNeeded: verdict.listener))
        put(verdict.status)
        put(verdict.tls?.rawValue ?? JournalRecord.none8)
        put(verdict.httpVersion.rawValue)
        put(verdict.outcome.rawValue)
        put(verdict.stage.rawValue)
        put((hasRare ? JournalRecord.rareFlag : 0) | (hasLine ? 0 : JournalRecord.lineless))
        put(text: texts.id)
        put(text: texts.method)
        put(text: texts.path, max: JournalWriter.textBytesMax)
        put(text: texts.upstream)
        put(text: texts.host)
        if let label = verdict.label { put(text: label.utf8.span) } else { put(UInt16(0)) }
        if let reason = verdict.reason { put(word: reason) } else { put(UInt16(0)) }
        if let shadow = verdict.shadow { put(word: shadow) } else { put(UInt16(0)) }
        if hasRare {
            put(text: texts.dropped, max: JournalRecord.valueBytesMax)
            put(text: texts.userAgent)
            put(text: texts.cipher)
            put(text: texts.trace)
        }
        end()
    }

    mutating func event(
        _ name: StaticString, stage: Stage?, peer: PeerAddress?, listener: Int?, fields: [JournalField], wallMilliseconds: Int64
    ) {
        let fields = fields.prefix(JournalRecord.fieldsMax)
        var texts = JournalRecord.size(name.utf8CodeUnitCount)
        for field in fields {
            texts += JournalRecord.size(field.name.utf8.count) + 1
            switch field.value {
            case .text(let text): texts += JournalRecord.size(text.utf8.count, max: JournalRecord.valueBytesMax)
            case .number: texts += 8
            }
        }
        guard begin(kind: JournalRecord.event.rawValue, count: 29 + texts) else { return drop() }
        put(wallMilliseconds)
        put(peer ?? JournalRecord.noAddress)
        put(listener.map { UInt16(truncatingIfNeeded: $0) } ?? JournalRecord.none16)
        put(stage?.rawValue ?? JournalRecord.none8)
        put(UInt8(peer == nil ? 0 : 1))
        put(UInt8(fields.count))
        put(word: name)
        for field in fields {
            put(text: field.name.utf8.span)
            switch field.value {
            case .text(let text):
                put(UInt8(0))
                put(text: text.utf8.span, max: JournalRecord.valueBytesMax)
            case .number(let number):
                put(UInt8(1))
                put(number)
            }
        }
        end()
    }

    private mutating func put(_ peer: PeerAddress) {
        put(peer.high)
        put(peer.low)
    }

    private mutating func put(text: Span<UInt8>, max bytesMax: Int = JournalWriter.wordBytesMax) {
        let isCut = text.count > bytesMax
        put(UInt16(min(text.count, bytesMax)) | (isCut ? JournalRecord.cutFlag : 0))
        put(isCut ? text.extracting(first: bytesMax) : text)
    }

    /// Words of ours are short; one that isn't is left out rather than cut.
    private mutating func put(word: StaticString) {
        guard word.utf8CodeUnitCount <= JournalWriter.wordBytesMax else { return put(UInt16(0)) }
        put(UInt16(word.utf8CodeUnitCount))
        put(word)
    }
}
