/// Listening sockets on one address: from systemd, or on their way from one process to the next.
public struct InheritedListener: Sendable, Equatable {
    public let address: SocketAddress
    /// Each with a queue of its own.
    public let descriptors: [Int32]

    public init(address: SocketAddress, descriptors: [Int32]) {
        self.address = address
        self.descriptors = descriptors
    }

    /// Groups sockets by what they are bound to.
    ///
    /// - Throws: for a descriptor that isn't a TCP socket.
    public static func group(_ descriptors: [Int32]) throws(ServerError) -> [InheritedListener] {
        var groups: [(address: SocketAddress, descriptors: [Int32])] = []
        for descriptor in descriptors {
            let address: SocketAddress
            do throws(SystemError) {
                address = try System.adoptListener(descriptor)
            } catch {
                throw ServerError(settings: "inherited descriptor \(descriptor): \(error.description)")
            }
            if let index = groups.firstIndex(where: { $0.address == address }) {
                groups[index].descriptors.append(descriptor)
            } else {
                groups.append((address, [descriptor]))
            }
        }
        return groups.map { InheritedListener(address: $0.address, descriptors: $0.descriptors) }
    }
}
