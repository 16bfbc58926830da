import Testing

@testable import Gatekeeper

struct RetryRuleTests {
    struct Row: Sendable {
        let failure: RetryRule.Failure
        let sent: RetryRule.Sent
        let isReused: Bool
        let isIdempotent: Bool
    }

    private static let failures: [RetryRule.Failure] = [
        .connect, .closedBeforeResponse, .unacknowledged, .failedInResponse, .timedOut,
    ]
    private static let allSent: [RetryRule.Sent] = [.nothing, .headOnly, .body]

    static var rows: [Row] {
        failures.flatMap { failure in
            allSent.flatMap { sent in
                [false, true].flatMap { isReused in
                    [false, true].map { Row(failure: failure, sent: sent, isReused: isReused, isIdempotent: $0) }
                }
            }
        }
    }

    @Test("a request is repeated exactly where no byte of it can have been acted upon", arguments: rows)
    func table(row: Row) {
        let expected: Bool =
            switch (row.failure, row.sent, row.isReused, row.isIdempotent) {
            // No connection, or nothing on it: nobody has seen the request.
            case (.connect, _, _, _): true
            case (_, .nothing, _, _): true
            // The upstream closed a connection that it had kept: it hadn't read what we sent, or the method may be done twice.
            case (.closedBeforeResponse, .headOnly, true, _): true
            case (.closedBeforeResponse, .body, true, true): true
            // Nothing of a body has left, or the method may be done twice.
            case (.unacknowledged, .headOnly, _, _): true
            case (.unacknowledged, .body, _, true): true
            default: false
            }
        let rule = RetryRule(isIdempotent: row.isIdempotent)
        #expect(rule.mayRepeat(after: row.failure, sent: row.sent, onReused: row.isReused) == expected)
    }

    @Test("a POST that was sent whole is never sent twice", arguments: failures.filter { $0 != .connect })
    func wholePost(failure: RetryRule.Failure) {
        let rule = RetryRule(isIdempotent: false)
        for isReused in [false, true] { #expect(!rule.mayRepeat(after: failure, sent: .body, onReused: isReused)) }
    }

    @Test("a fresh connection that closes has made its choice, whatever the method")
    func fresh() {
        for isIdempotent in [false, true] {
            let rule = RetryRule(isIdempotent: isIdempotent)
            #expect(!rule.mayRepeat(after: .closedBeforeResponse, sent: .headOnly, onReused: false))
            #expect(!rule.mayRepeat(after: .closedBeforeResponse, sent: .body, onReused: false))
        }
    }
}
