internal import CTLS
internal import Synchronization

/// What session tickets are sealed with: the same for all workers, since a client that comes back may meet any of them, and another one every
/// day (decision 0016).
///
/// ```
///   the newest      seals and opens   for a day
///   the one before  opens             for another day; what it opens is sealed anew
///   older ones      are wiped
/// ```
///
/// Whoever learns a key can read the sessions of its two days and no others. A lock is held for one comparison a handshake.
final class TicketKeys: Sendable {
    static let lifeMilliseconds = 86_400_000

    private let clock: @Sendable () -> Instant
    private let generations: Mutex<Generations>

    private struct Generations {
        var newest: TicketKey
        var before: TicketKey?
        var began: Instant
    }

    /// - Parameter clock: monotonic.
    init(clock: @escaping @Sendable () -> Instant = System.now) throws(TLSSetupError) {
        guard let first = TicketKey() else { throw TLSSetupError("no random numbers for session tickets: \(TLSErrorQueue.drain())") }
        self.clock = clock
        generations = Mutex(Generations(newest: first, before: nil, began: clock()))
    }

    /// What a ticket is to be sealed with now.
    func sealing() -> TicketKey { current { $0.newest } }

    /// The key of that name, and whether what it opens is to be sealed anew; nil when it is no more, or never was.
    func opening(_ name: Span<UInt8>) -> (key: TicketKey, isOld: Bool)? {
        let (newest, before) = current { ($0.newest, $0.before) }
        if newest.isNamed(name) { return (newest, false) }
        if let before, before.isNamed(name) { return (before, true) }
        return nil
    }

    private func current<Result>(_ body: (Generations) -> Result) -> Result {
        let now = clock()
        return generations.withLock { generations in
            let age = now.nanoseconds(since: generations.began) / 1_000_000
            // Without random numbers the old one has to do, until there are some.
            if age >= Self.lifeMilliseconds, let next = TicketKey() {
                let isRecent = age < 2 * Self.lifeMilliseconds
                generations = Generations(newest: next, before: isRecent ? generations.newest : nil, began: now)
            }
            return body(generations)
        }
    }
}

/// One key: its name, which stands in every ticket, and two secrets. Wiped with its last user.
///
/// SAFETY (`@unchecked Sendable`): the memory is written in `init` and wiped in `deinit`, and only read in between.
@safe final class TicketKey: @unchecked Sendable {
    static let nameBytes = 16
    private static let secretBytes = 32
    private static let bytes = nameBytes + 2 * secretBytes
    private let memory: UnsafeMutablePointer<UInt8>

    /// Nil when there are no random numbers.
    fileprivate init?() {
        unsafe memory = .allocate(capacity: Self.bytes)
        guard unsafe RAND_bytes(memory, Int32(Self.bytes)) == 1 else { return nil }
    }

    deinit {
        unsafe OPENSSL_cleanse(memory, Self.bytes)
        unsafe memory.deallocate()
    }

    func isNamed(_ name: Span<UInt8>) -> Bool {
        guard name.count == Self.nameBytes else { return false }
        return unsafe name.withUnsafeBufferPointer { unsafe CRYPTO_memcmp($0.baseAddress, memory, Self.nameBytes) == 0 }
    }

    /// Prepares a ticket's cipher and its seal as SSL_CTX_set_tlsext_ticket_key_evp_cb(3) asks for; writes name and vector of a new one.
    @unsafe fileprivate func prepare(
        _ cipher: OpaquePointer, _ seal: OpaquePointer, kind: OpaquePointer?, name: UnsafeMutablePointer<UInt8>,
        vector: UnsafeMutablePointer<UInt8>, isNew: Bool
    ) -> Bool {
        guard unsafe ctls_mac_use_key(seal, memory + Self.nameBytes, Self.secretBytes) else { return false }
        let secret = unsafe memory + Self.nameBytes + Self.secretBytes
        guard isNew else { return unsafe EVP_DecryptInit_ex2(cipher, kind, secret, vector, nil) == 1 }
        // SAFETY: OpenSSL gives room for a name of 16 bytes and a vector as long as the cipher's, 16 bytes.
        guard unsafe RAND_bytes(vector, 16) == 1 else { return false }
        unsafe name.update(from: memory, count: Self.nameBytes)
        return unsafe EVP_EncryptInit_ex2(cipher, kind, secret, vector, nil) == 1
    }
}

extension TLSContext {
    /// Seals tickets with `ticketKeys`.
    func sealTickets() {
        // SAFETY: every session holds the context that it was made from, and that one those which it may change to (`TLSStream`).
        unsafe SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_CTX_set_tlsext_ticket_key_evp_cb(context, turnTicketKey)
    }
}

/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 0 for a ticket that nothing opens, which leads to a full handshake.
private func turnTicketKey(
    session: OpaquePointer?, name: UnsafeMutablePointer<UInt8>?, vector: UnsafeMutablePointer<UInt8>?, cipher: OpaquePointer?,
    seal: OpaquePointer?, isNew: Int32
) -> Int32 {
    guard let session = unsafe session, let name = unsafe name, let vector = unsafe vector, let cipher = unsafe cipher,
        let seal = unsafe seal, let owner = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), 0)
    else { return -1 }
    // SAFETY: what `sealTickets` has put there, alive as said there.
    let context = unsafe Unmanaged<TLSContext>.fromOpaque(owner).takeUnretainedValue()
    guard let keys = context.ticketKeys else { return -1 }
    let kind = unsafe context.ticketCipher
    if isNew == 1 {
        let isReady = unsafe keys.sealing().prepare(cipher, seal, kind: kind, name: name, vector: vector, isNew: true)
        return isReady ? 1 : -1
    }
    // SAFETY: OpenSSL has taken as many bytes off the ticket.
    let shown = unsafe Span(_unsafeStart: UnsafePointer(name), count: TicketKey.nameBytes)
    guard let (key, isOld) = keys.opening(shown) else { return 0 }
    guard unsafe key.prepare(cipher, seal, kind: kind, name: name, vector: vector, isNew: false) else { return -1 }
    // A client uses a ticket of TLS 1.3 once (RFC 8446 §C.4): one that gets no other makes every second handshake a full one.
    let servesOnce = unsafe SSL_version(session) == TLS1_3_VERSION
    return isOld || servesOnce ? 2 : 1
}
