@testable import Gatekeeper

/// Runs a filter as the kernel does: the classic machine's instructions that filters are made of, and nothing else.
///
/// A jump beyond the end, an unknown instruction or a load outside of the packet is a mistake of the program's, and thrown: the kernel would
/// refuse it, or drop the packet in silence.
struct FilterMachine {
    struct Mistake: Error {
        var place: Int
        var what: String
    }

    /// Whether the packet passes; with the number of instructions that it took.
    static func run(_ filter: SocketFilter, on header: [UInt8]) throws -> (keeps: Bool, steps: Int) {
        var accumulator: UInt32 = 0
        var place = 0
        var steps = 0
        while place < filter.instructions.count {
            let instruction = filter.instructions[place]
            place += 1
            steps += 1
            func load(_ count: Int) throws -> UInt32 {
                let offset = Int(instruction.value) - 0xfff0_0000
                guard offset >= 0, offset + count <= header.count else { throw Mistake(place: place - 1, what: "loads at \(offset)") }
                return header[offset..<offset + count].reduce(0) { $0 << 8 | UInt32($1) }
            }
            func jump(_ holds: Bool) { place += Int(holds ? instruction.jumpTrue : instruction.jumpFalse) }
            switch instruction.code {
            case 0x20: accumulator = try load(4)
            case 0x30: accumulator = try load(1)
            case 0x74: accumulator >>= instruction.value
            case 0x05: place += Int(instruction.value)
            case 0x15: jump(accumulator == instruction.value)
            case 0x25: jump(accumulator > instruction.value)
            case 0x35: jump(accumulator >= instruction.value)
            case 0x06: return (instruction.value != 0, steps)
            default: throw Mistake(place: place - 1, what: "code \(instruction.code)")
            }
        }
        throw Mistake(place: place, what: "runs out")
    }

    static func keeps(_ peer: PeerAddress, _ filter: SocketFilter) throws -> Bool {
        try run(filter, on: header(from: peer)).keeps
    }

    /// The header of a packet as it arrives: an IPv4 peer's is IPv4's, on whatever socket.
    static func header(from peer: PeerAddress) -> [UInt8] {
        func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
        }
        let other = [UInt8](repeating: 0xa5, count: 16)
        if peer.isIPv4 { return [0x45] + [UInt8](repeating: 0x5a, count: 11) + bytes(peer.low, 4) + other.prefix(4) }
        return [0x6f] + [UInt8](repeating: 0x5a, count: 7) + bytes(peer.high, 8) + bytes(peer.low, 8) + other
    }
}
