import Foundation

/// A command line as a shell reads it.
enum ShellWords {
    static func split(_ line: String) throws -> [String] {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            "sh", ["-c", "printf '%s\\n' \(line)"], output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")))
        _ = try process.waitForEnd()
        return try String(contentsOfFile: folder.file("out"), encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
