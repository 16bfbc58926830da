internal import Glibc

/// The process's environment, read only: nobody in this process sets a variable, so reading needs no lock.
enum Environment {
    static func value(of name: String) -> String? {
        // SAFETY: getenv returns null or a NUL-terminated string that stays while the environment isn't changed; it is copied at once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }
}
