extension FilePath {
    /// What messages call a file: its path as it was written, which isn't below `directory` where the value isn't.
    static func shown(_ path: Located<String>, directory: String) -> String {
        complete(path.shown, directory: path.value.hasPrefix("/") ? "" : directory)
    }
}
