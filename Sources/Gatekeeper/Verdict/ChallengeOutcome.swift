/// What became of somebody who came while a challenge was pending. The words are the log's (`outcome`).
package enum ChallengeOutcome: String, Sendable, CaseIterable {
    /// Has seen what proves the name.
    case shown
    case handshakeFailed = "handshake_failed"
    /// Asked rightly, and hadn't seen it within five seconds.
    case timeout
    /// Has sent more than the challenge has room for.
    case applicationData = "application_data"
    /// Was listed, asked rightly, and found no room.
    case crowded
    /// Made room for another.
    case gaveWay = "gave_way"
    /// The service ended, or the peer did before it had seen it.
    case aborted
    /// Asked for something else, or for nothing, and was turned away as ever; the log says `denied`.
    case denied
}

/// Who came while challenges were pending, since the start.
package struct ChallengeCounts: Sendable, Equatable {
    package var visitors: [ChallengeOutcome: UInt64] = [:]
    /// TLS sessions that were begun for peers that aren't listed.
    package var strangerSessions: UInt64 = 0

    package init() {}
}
