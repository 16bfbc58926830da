/// A chunked request body on its way to a ticket system that wants to know its length first (`upstream.request_buffering`).
///
/// Kept in one buffer, and in a file without a name when it outgrows that; then sent with `Content-Length`.
final class CollectedBody {
    private var relay: ChunkRelay
    private let folder: String
    private let pool: BufferPool
    private var buffer: Buffer
    private var file: SpoolFile?

    enum Outcome: Equatable {
        case more
        case complete
        case refused(Refusal)
        /// The folder has no room, or isn't there.
        case unwritable
    }

    /// - Parameter bytesMax: a larger body is refused with 413.
    init(bytesMax: Int, folder: String, pool: BufferPool) {
        relay = ChunkRelay(bodyBytesMax: UInt64(bytesMax), writesChunks: false)
        self.folder = folder
        self.pool = pool
        buffer = pool.take()
    }

    deinit {
        pool.give(buffer)
    }

    var count: Int { buffer.count + (file?.count ?? 0) }

    /// Takes what is in `input`.
    func collect(from input: Buffer, limits: Settings.Limits) -> Outcome {
        do throws(SystemError) {
            while !input.isEmpty {
                switch relay.move(from: input, to: buffer, limits: limits) {
                case .complete: return .complete
                case .refused(let refusal): return .refused(refusal)
                case .more: if !input.isEmpty { try spill() }
                }
            }
            return .more
        } catch {
            return .unwritable
        }
    }

    private func spill() throws(SystemError) {
        if file == nil { file = try SpoolFile(in: folder) }
        try file?.append(buffer)
        buffer.clear()
    }

    enum Placement {
        case joined
        case spooled(SpoolFile)
        case unwritable
    }

    /// The body into `outbound` where it fits, else into the file.
    func place(behind outbound: Buffer) -> Placement {
        let buffer = buffer
        if file == nil, buffer.count <= outbound.room {
            outbound.append(buffer.readable)
            return .joined
        }
        do throws(SystemError) {
            try spill()
        } catch {
            return .unwritable
        }
        return file.map { .spooled($0) } ?? .unwritable
    }
}
