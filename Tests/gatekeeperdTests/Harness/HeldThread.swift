import Foundation

/// One thread of a process that stands still, while the others go on, until `release`.
struct HeldThread {
    private let folder: TemporaryFolder
    private let holder: ChildProcess

    init(_ name: String, of process: Int32) throws {
        let folder = try TemporaryFolder()
        let script = Daemon.packageRoot.appendingPathComponent("Tests/gatekeeperdTests/Harness/hold-thread").path
        holder = try ChildProcess(
            "python3", [script, "\(process)", name], output: OpenFile(creating: folder.file("out")),
            errors: OpenFile(creating: folder.file("err")))
        self.folder = folder
        guard try eventually({ try String(contentsOfFile: folder.file("out"), encoding: .utf8) == "held\n" }) else {
            throw Failure("\(name) isn't held: \((try? String(contentsOfFile: folder.file("err"), encoding: .utf8)) ?? "")")
        }
    }

    func release() throws {
        holder.signal(SIGKILL)
        _ = try holder.waitForEnd()
    }
}
