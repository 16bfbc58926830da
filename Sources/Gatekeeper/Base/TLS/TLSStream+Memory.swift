internal import CTLS

/// OpenSSL's record buffers: 17 kB to read and 17 kB to write, which a session has while it is used, and while a
/// part of a record waits in them, but not while it rests.
extension TLSStream {
    /// Record bytes that one `recv` brings while bulk is expected: eight of the largest records.
    private static let bulkReadBytes = 8 * (16 << 10) + 2048

    /// A large body follows, or has ended: lets record buffers from the next one on hold several records, so that it comes in fewer `recv` calls.
    /// Meanwhile each is freed with the last record in it, so that the next one has the size that is wanted by then.
    func expectBulk(_ isExpected: Bool) {
        guard isExpected != isBulkExpected else { return }
        isBulkExpected = isExpected
        unsafe SSL_set_default_read_buffer_len(session, isExpected ? Self.bulkReadBytes : 0)
        // One that holds something keeps its size until it is freed.
        releaseMemoryAlways(isExpected || hasPendingBytes)
    }

    /// Whether record buffers are freed whenever they are empty, which costs a request as much as parsing its head.
    func releaseMemoryAlways(_ isReleased: Bool) {
        let change = unsafe isReleased ? ctls_set_mode : ctls_clear_mode
        _ = unsafe change(session, ctls_mode_release_buffers)
        releaseIdleMemory()
    }

    /// Frees the record buffers until there are records again: for whoever expects none soon. Not those that hold a part of a record.
    func releaseIdleMemory() {
        // SAFETY: the session lives as long as the stream, and is neither reading nor writing now.
        // OpenSSL before 3.0.14, 3.1.6, 3.2.2 and 3.3.1 frees what it is still reading (CVE-2024-4741): bytes that wait, and a header that came alone,
        // which doesn't count as waiting.
        guard !hasPendingBytes, unsafe !ctls_is_in_record(session) else { return }
        _ = unsafe SSL_free_buffers(session)
    }
}
