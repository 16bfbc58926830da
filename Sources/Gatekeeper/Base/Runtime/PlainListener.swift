/// A listening TCP socket beside the data path, for the control plane: it accepts when its thread gets round to it, and has few clients.
package struct PlainListener: ~Copyable {
    /// What it is bound to; a port of 0 is filled in.
    package let address: SocketAddress
    private let descriptor: Descriptor

    /// Connections that may wait to be accepted.
    private static let backlog: Int32 = 64

    /// - Parameter isShared: a socket of ours may be on the same port already, which is about to be closed: this process's, or that of the
    ///   process which this one replaces. Otherwise whoever listens there makes this fail.
    package init(on address: SocketAddress, isShared: Bool) throws(ServerError) {
        do throws(SystemError) {
            try System.waitForDuplicateDetection(of: address)
            if !isShared { try System.probe(address) }
            self = try Self(listeningOn: address)
        } catch {
            throw ServerError(error)
        }
    }

    private init(listeningOn address: SocketAddress) throws(SystemError) {
        let descriptor = try System.listen(on: address, backlog: Self.backlog)
        self.address = try System.localAddress(of: descriptor.number)
        self.descriptor = descriptor
    }

    package var number: Int32 { descriptor.number }

    /// Gives the socket up to whoever accepts on it.
    consuming func release() -> Int32 { descriptor.release() }

    /// Takes no more connections; those that nobody has accepted are reset.
    package func stop() {
        System.shutdown(descriptor.number)
    }

    package enum Accepted: ~Copyable {
        case connection(PlainConnection)
        case none
        /// No descriptor or no memory for another socket; the connection still waits in the queue.
        case exhausted
    }

    package func accept() -> Accepted {
        while true {
            switch System.accept(descriptor.number) {
            case .connection(let number, let peer): return .connection(PlainConnection(Descriptor(owning: number), peer: peer.address))
            case .aborted: continue
            case .exhausted: return .exhausted
            case .wouldBlock, .failed: return .none
            }
        }
    }
}
