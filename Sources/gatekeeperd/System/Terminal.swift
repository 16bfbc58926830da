internal import Glibc

/// The person at the keyboard, if there is one.
enum Terminal {
    /// Whether questions can be asked and answered. They go to standard error, so that standard output may be a file.
    static var isThere: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// No terminal hands over a longer line (termios(3)).
    private static let lineBytesMax = 4096

    /// The next line without its newline; nil at the end of the input.
    static func readLine() -> String? {
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            // SAFETY: the kernel writes at most the one byte.
            let count = unsafe read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            if line.count < lineBytesMax { line.append(byte) }
        }
    }
}
