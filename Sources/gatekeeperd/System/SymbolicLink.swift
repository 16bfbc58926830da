internal import Glibc

/// Symbolic links, those of `/proc` among them.
enum SymbolicLink {
    /// Where one leads; nil for anything else.
    static func target(of path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            // SAFETY: readlink writes at most as many bytes as the array has, and no NUL.
            unsafe readlink(path, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
