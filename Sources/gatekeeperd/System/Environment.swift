internal import Glibc

/// The process's environment, read only but for `adopt`, so that reading needs no lock.
enum Environment {
    /// Sets these `NAME=value` in the place of what is set. To be called before the process has a second thread.
    static func adopt(_ lines: [String]) {
        for line in lines {
            guard let equals = line.firstIndex(of: "=") else { continue }
            // SAFETY: both are copied by the call; no other thread is there to read meanwhile.
            _ = unsafe setenv(String(line[..<equals]), String(line[line.index(after: equals)...]), 1)
        }
    }

    /// One for each name, the last of those that it has: where there are several, `getenv` finds the first and systemd means the last.
    static func settled(_ lines: [String]) -> [String] {
        var indices: [Substring: Int] = [:]
        var settled: [String] = []
        for line in lines {
            let name = line.prefix { $0 != "=" }
            if let index = indices[name] {
                settled[index] = line
            } else {
                indices[name] = settled.count
                settled.append(line)
            }
        }
        return settled
    }

    static func value(of name: String) -> String? {
        // SAFETY: getenv returns null or a NUL-terminated string that stays while the environment isn't changed; it is copied at once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }

    /// Every `NAME=value` that is UTF-8.
    static var all: [String] {
        var lines: [String] = []
        var entry = unsafe environ
        // SAFETY: `environ` is an array of NUL-terminated strings that a null ends, and nobody in this process changes it.
        while let line = unsafe entry.pointee {
            if let text = unsafe String(validatingCString: line) { lines.append(text) }
            unsafe entry += 1
        }
        return lines
    }
}
