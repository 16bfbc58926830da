internal import Gatekeeper

/// One peer of a listener that the control thread turns: what it waits for, and until when.
protocol Conversation: AnyObject {
    /// Its descriptor.
    var number: Int32 { get }
    /// What is to be waited for next; nil when it is over.
    var next: ReadinessSet.Interest? { get }
    var deadline: Instant { get }
}

/// The conversations of one listener, turned whenever `number` is readable.
///
/// ```
///   listener ──accept──▶ add ──ready──▶ advance ──▶ what it waits for next, or over
///       ▲ rests while no descriptor is left          deadline ──▶ expire ──▶ over
/// ```
///
/// No thread of its own and no wait: each turn does what can be done now. How many there may be is for whoever adds them to say.
final class Conversations<Member: Conversation> {
    private(set) var members: [Int32: Member] = [:]
    private let readiness: ReadinessSet
    /// Nil once nothing is accepted any more.
    private var listener: Int32?
    /// While there is no descriptor for another connection the listener rests, or the loop would turn without end.
    private var restsUntil: Instant?

    /// What came of accepting one connection.
    enum Accepted {
        case connection
        case none
        /// The connection still waits in the queue.
        case exhausted
    }

    /// Connections taken in one turn: however fast they come, the control thread gets on to its other work.
    private static var acceptsMax: Int { 32 }
    private static var restMilliseconds: Int { 1_000 }

    /// Nil where the kernel has no room to watch another socket.
    init?(of listener: Int32) throws(SystemError) {
        readiness = try ReadinessSet()
        self.listener = listener
        guard readiness.add(listener, .readable) else { return nil }
    }

    /// Readable when `turn` has something to do.
    var number: Int32 { readiness.number }

    /// When to call `turn` even if nothing is readable.
    var nextDeadline: Instant? { (members.values.map(\.deadline) + [restsUntil].compactMap(\.self)).min() }

    // MARK: Who is there

    /// One that can't be watched is over at once.
    func add(_ member: Member) {
        guard let next = member.next, readiness.add(member.number, next) else { return }
        members[member.number] = member
    }

    func remove(_ member: Member) {
        members[member.number] = nil
    }

    /// Hands all of them over; none is left.
    func takeAll() -> [Member] {
        defer { members = [:] }
        return Array(members.values)
    }

    /// Accepts nothing more; who is there is turned as before.
    func stopAccepting() {
        if let listener { readiness.remove(listener) }
        (listener, restsUntil) = (nil, nil)
    }

    // MARK: Turns

    /// Has the listener accept, what is ready advance, and what has run out of time end; never waits.
    ///
    /// - Parameters:
    ///   - accept: takes one connection off the queue, and adds it if it may stay.
    ///   - advance: goes as far as it can without waiting.
    ///   - expire: the last word to one whose deadline has passed.
    func turn(at now: Instant, accept: () -> Accepted, advance: (Member) -> Void, expire: (Member) -> Void) {
        if let moment = restsUntil, moment <= now, let listener, readiness.add(listener, .readable) { restsUntil = nil }
        for number in readiness.ready() {
            if number == listener {
                acceptSome(at: now, accept)
            } else if let member = members[number] {
                let before = member.next
                advance(member)
                settle(member, before: before)
            }
        }
        for member in members.values where member.deadline <= now {
            expire(member)
            remove(member)
        }
    }

    private func acceptSome(at now: Instant, _ accept: () -> Accepted) {
        for _ in 0..<Self.acceptsMax {
            switch accept() {
            case .connection: continue
            case .none: return
            case .exhausted:
                if let listener { readiness.remove(listener) }
                restsUntil = now.advanced(byMilliseconds: Self.restMilliseconds)
                return
            }
        }
    }

    private func settle(_ member: Member, before: ReadinessSet.Interest?) {
        guard let next = member.next else { return remove(member) }
        guard next != before else { return }
        // What can't be watched any more is over.
        if !readiness.change(member.number, to: next) { remove(member) }
    }
}
