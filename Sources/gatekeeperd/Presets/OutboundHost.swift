/// A host that a vendor's software on clients' PCs connects to, by its published list.
struct OutboundHost: Equatable, Sendable {
    let name: String
    let ports: ClosedRange<UInt16>
    /// What for.
    let role: String

    /// Ports of a range that are tried unless all are to be.
    private static let sampleCount: UInt16 = 5

    /// One that is spoken to by TLS.
    init(_ name: String, role: String) {
        self.init(name, ports: 443...443, role: role)
    }

    init(_ name: String, ports: ClosedRange<UInt16>, role: String) {
        self.name = name
        self.ports = ports
        self.role = role
    }

    /// A single port is TLS's; what is spoken on a range isn't published.
    var isTLS: Bool { ports.count == 1 }

    var portText: String { ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)" }

    /// Both ends and some between.
    var sample: [UInt16] {
        guard ports.count > Int(Self.sampleCount) else { return Array(ports) }
        let last = Self.sampleCount - 1
        return (0...last).map { ports.lowerBound + UInt16(Int(ports.count - 1) * Int($0) / Int(last)) }
    }
}
