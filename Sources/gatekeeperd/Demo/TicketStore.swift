internal import Synchronization

/// The demo's tickets, in memory and bounded.
final class TicketStore: Sendable {
    static let ticketsMax = 1000
    /// Of all texts and attachments together.
    static let bytesMax = 64 << 20

    struct Ticket: Equatable, Sendable {
        let number: Int
        let subject: String
        let body: String
        /// The address that the ticket came from, as the gate in front says.
        let source: String?
        var attachments: [Attachment] = []
    }

    struct Attachment: Equatable, Sendable {
        let type: String
        let bytes: [UInt8]
    }

    private struct State {
        var tickets: [Ticket] = []
        var bytes = 0

        /// Takes room for `count` bytes; false when there is none left.
        mutating func reserve(_ count: Int) -> Bool {
            guard count <= TicketStore.bytesMax - bytes else { return false }
            bytes += count
            return true
        }
    }

    private let state = Mutex(State())

    var all: [Ticket] { state.withLock { $0.tickets } }

    func ticket(_ number: Int) -> Ticket? {
        state.withLock { $0.tickets.indices.contains(number - 1) ? $0.tickets[number - 1] : nil }
    }

    /// Nil when the store is full.
    func create(subject: String, body: String, source: String?) -> Ticket? {
        state.withLock { state in
            guard state.tickets.count < Self.ticketsMax, state.reserve(subject.utf8.count + body.utf8.count) else { return nil }
            let ticket = Ticket(number: state.tickets.count + 1, subject: subject, body: body, source: source)
            state.tickets.append(ticket)
            return ticket
        }
    }

    enum Attaching: Equatable {
        /// Under this number, counted from 1 within the ticket.
        case attached(Int)
        case noTicket
        case full
    }

    func attach(_ attachment: Attachment, to number: Int) -> Attaching {
        state.withLock { state in
            guard state.tickets.indices.contains(number - 1) else { return .noTicket }
            guard state.reserve(attachment.bytes.count) else { return .full }
            state.tickets[number - 1].attachments.append(attachment)
            return .attached(state.tickets[number - 1].attachments.count)
        }
    }
}
