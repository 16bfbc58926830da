import Foundation
import Testing

@testable import gatekeeperd

struct ConfigurationFileTests {
    private func text(of path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("what is replaced keeps its mode, and its old text beside it")
    func replaces() throws {
        let folder = try ScratchFolder(["gatekeeper.yaml": "old"])
        let path = folder.file("gatekeeper.yaml")
        try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: path)
        try ConfigurationFile.replace(path, with: "new")
        #expect(try text(of: path) == "new")
        #expect(try text(of: path + ".previous") == "old")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o604)
        #expect(!ConfigurationFile.isThere(path + ".new"))
    }

    @Test("a link stays one: what it leads to is replaced", arguments: [false, true])
    func link(isRelative: Bool) throws {
        let folder = try ScratchFolder(["real.yaml": "old"])
        let (path, real) = (folder.file("gatekeeper.yaml"), folder.file("real.yaml"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: isRelative ? "real.yaml" : real)
        try ConfigurationFile.replace(path, with: "new")
        #expect(try text(of: real) == "new")
        #expect(try text(of: real + ".previous") == "old")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeSymbolicLink)
        try ConfigurationFile.create(path, with: "newer", replacing: true)
        #expect(try text(of: real) == "newer")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType == .typeSymbolicLink)
    }

    @Test("a file that is there is not overwritten unasked, and nothing is left beside it")
    func unasked() throws {
        let folder = try ScratchFolder(["gatekeeper.yaml": "old"])
        let path = folder.file("gatekeeper.yaml")
        let error = #expect(throws: (any Error).self) { try ConfigurationFile.create(path, with: "new", replacing: false) }
        #expect(error.map { "\($0)" }?.contains("File exists") ?? false)
        #expect(try text(of: path) == "old")
        #expect(try FileManager.default.contentsOfDirectory(atPath: FilePath.parent(of: path)) == ["gatekeeper.yaml"])
    }

    @Test("a file that is gone is made again")
    func gone() throws {
        let folder = try ScratchFolder([:])
        let path = folder.file("gatekeeper.yaml")
        try ConfigurationFile.replace(path, with: "new")
        #expect(try text(of: path) == "new")
    }
}
