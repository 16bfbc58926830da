/// Paths as they are written in a configuration.
enum FilePath {
    /// `path` itself if it is absolute, otherwise below `directory` (empty: the working directory).
    static func complete(_ path: String, directory: String) -> String {
        path.hasPrefix("/") || path.isEmpty || directory.isEmpty ? path : directory + "/" + path
    }

    /// The folder a file lies in, `.` for the working directory.
    static func parent(of path: String) -> String {
        let folder = directory(of: path)
        return folder.isEmpty ? "." : folder
    }

    /// The folder a file lies in, empty for the working directory.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
