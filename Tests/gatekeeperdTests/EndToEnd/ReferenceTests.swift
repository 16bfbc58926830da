import Foundation
import Testing

@Suite("The command reference")
struct ReferenceTests {
    @Test("prints the page of the guide, and isn't among the commands that help lists")
    func prints() throws {
        let said = try Daemon.run(["reference"])
        #expect(said.ending == .exited(0) && said.errors.isEmpty)
        let page = Daemon.packageRoot.appendingPathComponent("docs/guide/configuration.md")
        #expect(try said.output == String(contentsOf: page, encoding: .utf8))
        let help = try Daemon.run(["--help"]).output
        #expect(help.contains("  init ") && !help.contains("  reference "))
    }
}
