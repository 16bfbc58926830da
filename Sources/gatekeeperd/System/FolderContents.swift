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
}
