import Foundation
import Testing

@testable import gatekeeperd

@Suite("Programs that an admin has us run")
struct BoundedProgramTests {
    /// As in the service (`SignalDescriptor`): to write to a program that doesn't read is an errno there.
    init() { _ = signal(SIGPIPE, SIG_IGN) }

    private static func script(_ text: String) throws -> (folder: ScratchFolder, path: String) {
        let folder = try ScratchFolder(["script": "#!/bin/sh\n\(text)\n"])
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file("script"))
        return (folder, folder.file("script"))
    }

    private static func run(
        _ text: String, input: String = "", milliseconds: Int = 20_000, outputBytesMax: Int = 4096
    ) throws -> Program.Ending {
        let (folder, path) = try script(text)
        return try withExtendedLifetime(folder) {
            try Program.run(path, input: Array(input.utf8), milliseconds: milliseconds, outputBytesMax: outputBytesMax)
        }
    }

    private static func said(_ ending: Program.Ending) -> String {
        switch ending {
        case .exited(_, let said), .killed(let said): String(decoding: said, as: UTF8.self)
        }
    }

    @Test("reads its input to the end, and what it says and its status are told")
    func input() throws {
        let long = String(repeating: "x", count: 200_000)
        #expect(try Self.run("wc -c; echo oops >&2; exit 3", input: long) == .exited(3, said: Array("200000\noops\n".utf8)))
    }

    @Test("gets no descriptor and no environment of ours, nor our folder")
    func bare() throws {
        let ours = try #require(FileHandle(forReadingAtPath: "/etc/passwd"))
        defer { try? ours.close() }
        let said = Self.said(try Self.run("ls -l /proc/self/fd | grep -c -v 'proc\\|pipe\\|total'; env; pwd"))
        let lines = said.split(separator: "\n")
        #expect(lines.first == "0")
        #expect(lines.last == "/")
        #expect(
            lines.filter {
                $0.contains("=") && !$0.hasPrefix("PWD=") && !$0.hasPrefix("_=") && !$0.hasPrefix("OLDPWD=") && !$0.hasPrefix("SHLVL=")
            }.count == 1)
    }

    @Test("one that runs too long is killed with all that it has started")
    func killed() throws {
        let ending = try Self.run("sleep 600 & echo $!; sleep 600", milliseconds: 3_000)
        guard case .killed(let said) = ending else {
            Issue.record("\(ending)")
            return
        }
        let process = try #require(Int32(String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)))
        // The signal is sent when `run` returns; that it has been heeded takes a moment.
        #expect(eventually { kill(process, 0) != 0 || Self.isZombie(process) })
    }

    @Test("what it leaves behind ends with it, and isn't waited for")
    func leftBehind() throws {
        let ending = try Self.run("sleep 600 & echo done")
        #expect(ending == .exited(0, said: Array("done\n".utf8)))
    }

    @Test("one that says much without end is read, and little of it is kept")
    func endless() throws {
        let ending = try Self.run("head -c 3000000 /dev/zero | tr '\\0' x; exit 1", outputBytesMax: 100)
        #expect(ending == .exited(1, said: [UInt8](repeating: UInt8(ascii: "x"), count: 100)))
    }

    @Test("one that doesn't read its input is no trouble")
    func deaf() throws {
        #expect(try Self.run("exec <&-; exit 0", input: String(repeating: "x", count: 1 << 20)) == .exited(0, said: []))
    }

    private static func isZombie(_ process: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
        return text.contains(") Z ")
    }
}
