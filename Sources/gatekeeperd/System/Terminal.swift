internal import Glibc

/// The person at the keyboard, if there is one.
enum Terminal {
    /// Whether questions can be asked and answered. They go to standard error, so that standard output may be a file.
    static var isThere: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// From now on Ctrl-C ends the process with the status that shells know, and says what came of it: nothing.
    static func leaveOnInterrupt() {
        _ = signal(SIGINT) { _ in
            let words: StaticString = "\ngatekeeperd: left; nothing was written\n"
            // SAFETY: both calls may be made by a signal's handler (signal-safety(7)), and the words are a constant.
            _ = unsafe write(STDERR_FILENO, words.utf8Start, words.utf8CodeUnitCount)
            _exit(130)
        }
    }

    /// Ctrl-C does again what it does as a rule.
    static func forgetInterrupt() { _ = signal(SIGINT, SIG_DFL) }

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
