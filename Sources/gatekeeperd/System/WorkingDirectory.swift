internal import Glibc

/// The folder that relative paths begin at.
enum WorkingDirectory {
    /// Nil when it was removed meanwhile.
    static var path: String? {
        // SAFETY: with null getcwd allocates the string, which is copied and freed here.
        guard let name = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(name) }
        return unsafe String(validatingCString: name)
    }
}
