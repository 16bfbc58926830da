import Foundation

/// An open file (or end of a FIFO) that no child inherits by accident; closed with its last reference.
final class OpenFile: Sendable {
    let descriptor: Int32

    /// A file to be written from its start.
    convenience init(creating path: String) throws {
        try self.init(path, O_WRONLY | O_CREAT | O_TRUNC)
    }

    convenience init(reading path: String) throws {
        try self.init(path, O_RDONLY)
    }

    init(_ path: String, _ flags: Int32) throws {
        descriptor = unsafe open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("cannot open \(path): error \(errno)") }
    }

    /// Takes over `descriptor`, which was opened close-on-exec.
    init(adopting descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
