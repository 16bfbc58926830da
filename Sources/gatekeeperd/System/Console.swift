internal import Glibc
internal import Synchronization

/// What the tool says to the person or script that started it: answers on standard output, complaints on standard error.
///
/// Written with `write(2)`, past the C library's buffer, so that a line stands in order with the log lines of the journal and is
/// there when the process ends in whatever way.
enum Console {
    /// One line of the answer.
    static func say(_ line: String) {
        write(ConcealedValues.hide(in: line) + "\n", to: STDOUT_FILENO)
    }

    /// The answer for scripts, or what it is for people.
    static func say(_ json: JSON, _ isWanted: Bool, else text: @autoclosure () -> String) {
        if isWanted { write(ConcealedValues.hide(in: json).text + "\n", to: STDOUT_FILENO) } else { say(text()) }
    }

    /// A complaint of one line, from the tool itself.
    static func complain(_ line: String) {
        report("gatekeeperd: " + line)
    }

    /// A complaint of one line that begins with the file, line and column that it is about, as editors and scripts look for it.
    static func report(_ line: String) {
        let line = ConcealedValues.hide(in: line)
        write(line + "\n", to: STDERR_FILENO)
        let other = listener.load(ordering: .relaxed)
        if other >= 0 { write(line + "\n", to: other) }
    }

    /// Who hears our complaints besides: the process that this one is to replace, which tells in its log why that came to nothing. -1 for nobody.
    private static let listener = Atomic<Int32>(-1)

    /// From now on complaints go to this descriptor as well; nil ends that.
    static func copyComplaints(to descriptor: Int32?) {
        listener.store(descriptor ?? -1, ordering: .relaxed)
    }

    /// A question, whose answer is typed behind it.
    static func ask(_ question: String) {
        write(ConcealedValues.hide(in: question), to: STDERR_FILENO)
    }

    /// A terminal that went away is nobody to tell that it went away: failures are ignored.
    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = unsafe bytes[...]
            while unsafe !rest.isEmpty {
                // SAFETY: `rest` is a slice of the string's bytes, which live until the closure returns.
                let written = unsafe Glibc.write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                unsafe rest = rest.dropFirst(written)
            }
        }
    }
}
