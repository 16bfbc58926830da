import Foundation
import Testing

@Suite("Habits")
struct HabitTests {
    @Test("nginx's words do here what they do there")
    func habits() throws {
        let upstream = try ScriptedUpstream(.echo)
        let scene = try ConfigurationScene(upstream: upstream.url, "")
        let short = try Daemon.run(["-v"])
        let long = try Daemon.run(["-V"])
        #expect(try short.ending == .exited(0) && short.output == Daemon.run(["--version"]).output)
        #expect(try long.ending == .exited(0) && long.output == Daemon.run(["version"]).output)
        #expect(long.output.hasPrefix(short.output) && long.output.contains("OpenSSL "))
        let check = try Daemon.run(["-t", "-c", scene.file])
        let same = try Daemon.run(["check", "--config", scene.file])
        #expect(check.ending == .exited(0) && check.output == same.output && check.errors == same.errors)
    }
}
