internal import Gatekeeper
internal import Glibc

/// A file that could not be used.
struct FileFailure: Error, CustomStringConvertible {
    let path: String
    /// What is wrong with it, without its name: `is not a regular file`.
    let problem: String
    /// It isn't there: it may come yet, with a mount or from whoever makes it.
    var isAbsent = false

    var description: String { "\(path) \(problem)" }

    init(_ path: String, _ problem: String) {
        self.path = path
        self.problem = problem
    }

    init(_ path: String, code: Int32) {
        self.init(path, SystemError("cannot be read", code: code).description)
        isAbsent = code == ENOENT || code == ENOTDIR
    }
}
