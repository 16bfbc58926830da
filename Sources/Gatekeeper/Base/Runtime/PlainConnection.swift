/// A TCP connection beside the data path, which never blocks.
package struct PlainConnection: ~Copyable {
    package let peer: PeerAddress
    private let descriptor: Descriptor

    package enum Transfer: Equatable {
        case bytes(Int)
        case wouldBlock
        /// The peer sends nothing more, or is gone.
        case ended
    }

    init(_ descriptor: consuming Descriptor, peer: PeerAddress) {
        self.descriptor = descriptor
        self.peer = peer
    }

    package var number: Int32 { descriptor.number }

    /// Reads into the buffer's room, of which there must be some.
    package func receive(into buffer: Buffer) -> Transfer {
        switch unsafe System.receive(descriptor.number, into: buffer.uninitialised) {
        case .bytes(let count):
            // SAFETY: the kernel has written that many bytes into the room.
            unsafe buffer.commit(count)
            return .bytes(count)
        case .wouldBlock: return .wouldBlock
        case .endOfStream, .failed: return .ended
        }
    }

    /// Sends what the kernel takes now.
    package func send(_ bytes: Span<UInt8>) -> Transfer {
        // SAFETY: the bytes are lent for the call.
        let transfer = unsafe bytes.withUnsafeBufferPointer { unsafe System.send(descriptor.number, $0) }
        switch transfer {
        case .bytes(let count): return .bytes(count)
        case .wouldBlock: return .wouldBlock
        case .endOfStream, .failed: return .ended
        }
    }

    /// Sends nothing more and still reads: closing while the peer sends would reset the connection, and the reset would overtake the answer
    /// (RFC 9112 §9.6).
    package func endWriting() {
        System.shutdownWriting(descriptor.number)
    }
}
