/// Why something ended, where many such endings are summed up.
protocol SummedReason: Hashable, Sendable {
    /// Whoever has one address of an IPv6 /64 has them all, so the network is one source.
    var isSummedByNetwork: Bool { get }
}

extension SummedReason {
    var isSummedByNetwork: Bool { false }
}

extension DenialReason: SummedReason {
    var isSummedByNetwork: Bool { self == .notListed }
}
