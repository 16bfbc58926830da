/// A program that the kernel runs for every packet to a listening socket: who isn't on it gets no answer, not even a refusal.
///
/// ```
///   packet ─▶ IP version ─▶ 4: source address, one word   ─▶ tree of comparisons ─▶ keep
///                 │                                                          └────▶ drop
///                 ├───────▶ 6: source address, four words ─▶ a tree a word  ─▶ likewise
///                 └───────▶ anything else: drop
/// ```
///
/// It knows addresses and no times, and what it keeps is judged all the same when it is accepted. So it may let through more than the
/// allow-list, never less: a list that doesn't fit is made to by joining neighbours.
package struct SocketFilter: Equatable, Sendable {
    /// One instruction of the classic Berkeley packet filter, as the kernel takes it (`struct sock_filter`).
    package struct Instruction: Equatable, Sendable {
        package var code: UInt16
        /// How many instructions are skipped when a comparison holds, and when it doesn't.
        package var jumpTrue: UInt8 = 0
        package var jumpFalse: UInt8 = 0
        package var value: UInt32
    }

    package let instructions: ContiguousArray<Instruction>
    /// Addresses between neighbours on the list are let through as well, to be judged when they are accepted.
    package let isCoarse: Bool

    /// `BPF_MAXINSNS`: the kernel takes no longer program.
    package static let instructionsMax = 4096

    /// Lets these through and nobody else.
    package init(keeping prefixes: some Sequence<AddressPrefix>, instructionsMax limit: Int = instructionsMax) {
        let listed = AddressRange.disjoint(prefixes)
        // Each range takes a comparison at least, and each but one another to get there.
        let ranges = AddressRange.joined(listed, to: limit / 2 + 1)
        let whole = SocketFilterAssembly.program(keeping: ranges)
        guard whole.count > limit else {
            instructions = whole
            isCoarse = ranges.count < listed.count
            return
        }
        func program(_ count: Int) -> ContiguousArray<Instruction> {
            SocketFilterAssembly.program(keeping: AddressRange.joined(ranges, to: count))
        }
        // The program of one range for each family fits whatever they are.
        var (fitting, tooMany) = (1, ranges.count)
        while tooMany - fitting > 1 {
            let middle = (fitting + tooMany) / 2
            if program(middle).count <= limit { fitting = middle } else { tooMany = middle }
        }
        instructions = program(fitting)
        isCoarse = true
    }

    /// Lets everything through: for finding out whether the kernel takes a filter at all.
    package static let open = SocketFilter(instructions: [.keep], isCoarse: true)

    private init(instructions: ContiguousArray<Instruction>, isCoarse: Bool) {
        self.instructions = instructions
        self.isCoarse = isCoarse
    }
}
