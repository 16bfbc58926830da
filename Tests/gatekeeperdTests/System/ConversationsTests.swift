import Gatekeeper
import Glibc
import Testing

@testable import gatekeeperd

struct ConversationsTests {
    /// Waits for what the test says, on one end of a pipe.
    private final class FakeConversation: Conversation {
        let pipe: ReadinessPipe
        var next: ReadinessSet.Interest? = .readable
        var deadline: Instant
        var number: Int32 { pipe.reading.number }

        init(deadline: Instant) throws {
            pipe = try ReadinessPipe()
            self.deadline = deadline
        }

        func speak() { ReadinessPipe.speak(on: pipe.writing) }
    }

    private let listener: FakeConversation
    private let conversations: Conversations<FakeConversation>
    private let start = Instant(nanoseconds: 1_000_000_000)

    init() throws {
        listener = try FakeConversation(deadline: Instant(nanoseconds: .max))
        conversations = try #require(try Conversations(of: listener.number))
    }

    private func after(_ milliseconds: Int) -> Instant { start.advanced(byMilliseconds: milliseconds) }

    /// How often it accepted, and who was turned how.
    private func turn(
        at now: Instant, accepting answers: [Conversations<FakeConversation>.Accepted] = [],
        _ advance: (FakeConversation) -> Void = { _ in }
    ) -> (accepted: Int, advanced: Int, expired: Int) {
        var result = (accepted: 0, advanced: 0, expired: 0)
        var answers = answers
        conversations.turn(at: now) {
            result.accepted += 1
            return answers.isEmpty ? .none : answers.removeFirst()
        } advance: {
            result.advanced += 1
            advance($0)
        } expire: { _ in
            result.expired += 1
        }
        return result
    }

    @Test("a listener is asked until it has nothing more, and not for ever")
    func accepts() {
        #expect(turn(at: start).accepted == 0)
        listener.speak()
        #expect(turn(at: start, accepting: [.connection, .connection]).accepted == 3)
        #expect(turn(at: start, accepting: .init(repeating: .connection, count: 100)).accepted == 32)
    }

    @Test("while no descriptor is left the listener rests for a second")
    func rests() {
        listener.speak()
        #expect(turn(at: start, accepting: [.connection, .exhausted]).accepted == 2)
        #expect(conversations.nextDeadline == after(1_000))
        #expect(turn(at: after(999)).accepted == 0)
        #expect(turn(at: after(1_000)).accepted == 1 && conversations.nextDeadline == nil)
    }

    @Test("one that stopped accepting doesn't begin again, and goes on with who is there")
    func stopped() throws {
        let member = try FakeConversation(deadline: after(9_000))
        conversations.add(member)
        listener.speak()
        _ = turn(at: start, accepting: [.exhausted])
        conversations.stopAccepting()
        member.speak()
        let result = turn(at: after(2_000))
        #expect(result.accepted == 0 && result.advanced == 1)
    }

    @Test("who is ready is advanced, who is over is gone, and who is late has a last word")
    func members() throws {
        let (ready, late) = (try FakeConversation(deadline: after(9_000)), try FakeConversation(deadline: after(100)))
        for member in [ready, late] { conversations.add(member) }
        #expect(conversations.nextDeadline == after(100))
        ready.speak()
        var result = turn(at: after(99))
        #expect(result.advanced == 1 && result.expired == 0)
        result = turn(at: after(100)) { $0.next = nil }
        #expect(result.advanced == 1 && result.expired == 1 && conversations.members.isEmpty)
    }
}
