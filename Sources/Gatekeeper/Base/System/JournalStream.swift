internal import Glibc

/// The stream to journald that the service manager may have connected us to (`JOURNAL_STREAM`, systemd.exec(5)). On it a line may begin with
/// its priority, `<4>` (sd-daemon(3)); anywhere else that would be part of the line.
struct JournalStream: Equatable {
    let device: UInt64
    let number: UInt64

    /// From `DEVICE:INODE`, in decimal; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let device = UInt64(parts[0]), let number = UInt64(parts[1]) else { return nil }
        self.device = device
        self.number = number
    }

    /// The one that this process was started with.
    static var ofEnvironment: JournalStream? {
        // SAFETY: nobody changes the environment; the text is copied at once.
        unsafe getenv("JOURNAL_STREAM").flatMap { unsafe JournalStream(String(cString: $0)) }
    }

    /// Whether what is written to a descriptor goes there: output may have been sent elsewhere since.
    func isBehind(_ descriptor: Int32) -> Bool {
        var status = stat()
        // SAFETY: writes to `status` alone.
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == number
    }
}
