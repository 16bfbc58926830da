import Foundation

/// Linux's `TIOCSPTLCK` and `TIOCGPTN` (ioctl_tty(2)): what unlockpt(3) and ptsname(3) do, which the Glibc module leaves out.
private let setLock: UInt = 0x4004_5431
private let getNumber: UInt = 0x8004_5430

/// A terminal whose keyboard is the test.
final class PseudoTerminal: Sendable {
    private let master: Int32
    /// What the program opens.
    private let path: String

    init() throws {
        master = unsafe Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: Int32 = 0
        var number: Int32 = 0
        // SAFETY: each call reads or writes the one number that it is given.
        guard unsafe ioctl(master, setLock, &locked) == 0, unsafe ioctl(master, getNumber, &number) == 0 else {
            throw Failure("no pseudo-terminal: error \(errno)")
        }
        path = "/dev/pts/\(number)"
    }

    deinit {
        close(master)
    }

    /// The program's end.
    func open() throws -> OpenFile { try OpenFile(path, O_RDWR | O_NOCTTY) }

    /// The key that ends the input at the beginning of a line.
    static let endOfInput = "\u{4}"

    func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe write(master, bytes, bytes.count)
    }

    /// Everything that was shown so far, the echo of what was typed included.
    func shown() -> String {
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(master, &bytes, bytes.count)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += bytes.prefix(count)
        }
    }
}
