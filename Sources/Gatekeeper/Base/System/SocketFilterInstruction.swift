/// The instructions that filters are made of; their numbers are those of `linux/bpf_common.h` and `linux/filter.h`.
extension SocketFilter.Instruction {
    enum Comparison: UInt16 {
        case equal = 0x15
        case above = 0x25
        case atLeast = 0x35
    }

    /// The whole packet is let through.
    static let keep = SocketFilter.Instruction(code: 0x06, value: .max)
    static let drop = SocketFilter.Instruction(code: 0x06, value: 0)
    /// From the first byte of the IP header, of which it is the upper half.
    static let versionFromByte = SocketFilter.Instruction(code: 0x74, value: 4)

    /// Where the kernel finds the IP header, whatever the packet has been stripped of by then (`SKF_NET_OFF`).
    private static let networkHeader: UInt32 = 0xfff0_0000

    static func load(byteAt offset: UInt32) -> SocketFilter.Instruction {
        SocketFilter.Instruction(code: 0x30, value: networkHeader + offset)
    }

    static func load(wordAt offset: UInt32) -> SocketFilter.Instruction {
        SocketFilter.Instruction(code: 0x20, value: networkHeader + offset)
    }

    /// Over so many instructions.
    static func jump(_ distance: UInt32) -> SocketFilter.Instruction {
        SocketFilter.Instruction(code: 0x05, value: distance)
    }

    static func compare(_ comparison: Comparison, _ value: UInt32, _ whenTrue: UInt8, _ whenFalse: UInt8) -> SocketFilter.Instruction {
        SocketFilter.Instruction(code: comparison.rawValue, jumpTrue: whenTrue, jumpFalse: whenFalse, value: value)
    }
}
