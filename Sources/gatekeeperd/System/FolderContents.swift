internal import Glibc

/// What lies in a folder.
enum FolderContents {
    /// Names without a path, `.` and `..` left out; none where the folder can't be read.
    static func names(in folder: String) -> [String] {
        // SAFETY: the directory is ours until it is closed; each name is NUL-terminated within its entry and copied at once.
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 1) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The paths that a pattern of `glob(7)` stands for, in order; the pattern itself where there are none.
    static func paths(matching pattern: String) -> [String] {
        var found = unsafe glob_t()
        // SAFETY: `found` is filled by the call and freed once; each path is NUL-terminated within it and copied at once.
        defer { unsafe globfree(&found) }
        guard unsafe glob(pattern, GLOB_NOCHECK, nil, &found) == 0, let paths = unsafe found.gl_pathv else { return [pattern] }
        return unsafe (0..<Int(found.gl_pathc)).compactMap { index in unsafe paths[index].map { unsafe String(cString: $0) } }
    }
}
