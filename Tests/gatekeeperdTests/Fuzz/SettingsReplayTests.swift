import Foundation
import Testing

/// The configuration files that fuzzing found worth keeping.
struct SettingsReplayTests {
    @Test("no kept file breaks the property")
    func replay() throws {
        let folder = Daemon.packageRoot.appendingPathComponent("fuzz/corpora/settings")
        let inputs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(inputs.count >= 10)
        for input in inputs {
            let broken = SettingsProperty.check(Array(try Data(contentsOf: input)))
            #expect(broken == nil, "\(input.lastPathComponent): \(broken ?? "")")
        }
    }
}
