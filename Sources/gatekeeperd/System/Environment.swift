internal import Glibc

/// The process's environment, read only: nobody in this process sets a variable, so reading needs no lock.
enum Environment {
    static func value(of name: String) -> String? {
        // SAFETY: getenv returns null or a NUL-terminated string that stays while the environment isn't changed; it is copied at once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }

    /// Every `NAME=value` that is UTF-8.
    static var all: [String] {
        var lines: [String] = []
        var place = unsafe environ
        // SAFETY: `environ` is an array of NUL-terminated strings that a null ends, and nobody in this process changes it.
        while let line = unsafe place.pointee {
            if let text = unsafe String(validatingCString: line) { lines.append(text) }
            unsafe place += 1
        }
        return lines
    }
}
