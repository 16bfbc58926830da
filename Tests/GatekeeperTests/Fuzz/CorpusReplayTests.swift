import Foundation
import HTTPFixtures
import Testing

/// The inputs that fuzzing found worth keeping, each through its property once more.
struct CorpusReplayTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("fuzz/corpora")

    @Test("no kept input breaks its property", arguments: FuzzProperties.all.map(\.name))
    func replay(name: String) throws {
        let check = try #require(FuzzProperties.all.first { $0.name == name }).check
        let folder = Self.folder.appendingPathComponent(name)
        let inputs = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(inputs.count >= 10, "\(folder.path)")
        for input in inputs {
            let broken = check(Array(try Data(contentsOf: input)))
            #expect(broken == nil, "\(input.lastPathComponent): \(broken ?? "")")
        }
    }

    @Test("every case of the fixtures holds too", arguments: FuzzProperties.all.map(\.name))
    func fixtures(name: String) throws {
        let check = try #require(FuzzProperties.all.first { $0.name == name }).check
        for fixture in Fixture.all {
            let broken = check(fixture.bytes)
            #expect(broken == nil, "\(fixture): \(broken ?? "")")
        }
    }
}
