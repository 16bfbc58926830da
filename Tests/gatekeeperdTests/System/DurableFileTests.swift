import Foundation
import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Files that are whole whatever happens")
struct DurableFileTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func text(_ name: String) throws -> String { try String(contentsOfFile: folder.file(name), encoding: .utf8) }

    @Test("a file takes the place of another, for its owner alone, and leaves nothing else behind")
    func write() throws {
        for text in ["one", "", String(repeating: "x", count: 1 << 20)] {
            try DurableFile.write(Array(text.utf8), to: folder.file("a"))
            #expect(try self.text("a") == text)
        }
        #expect(try FileManager.default.attributesOfItem(atPath: folder.file("a"))[.posixPermissions] as? Int == 0o600)
        #expect(FolderContents.names(in: folder.path) == ["a"])
        #expect(throws: SystemError.self) { try DurableFile.write([1], to: folder.file("no/such")) }
    }

    @Test("one that can't be replaced stays, and nothing is left of the attempt")
    func refused() throws {
        try DurableFile.makeFolder(folder.file("a"))
        try DurableFile.write([1], to: folder.file("a/b"))
        #expect(throws: SystemError.self) { try DurableFile.write([2], to: folder.file("a")) }
        #expect(FolderContents.names(in: folder.path) == ["a"])
    }

    @Test("what lay in the way of an attempt before, a link too, isn't followed")
    func leftover() throws {
        try folder.write("mine", to: "other")
        try FileManager.default.createSymbolicLink(atPath: folder.file("a.new"), withDestinationPath: folder.file("other"))
        try DurableFile.write([0x78], to: folder.file("a"))
        #expect(try text("a") == "x" && text("other") == "mine")
    }

    @Test("a link takes the place of another; a folder goes with what is in it, and not with what links lead to")
    func linksAndFolders() throws {
        try DurableFile.makeFolder(folder.file("1"))
        try DurableFile.makeFolder(folder.file("1"))
        try DurableFile.write([1], to: folder.file("1/x"))
        try DurableFile.makeFolder(folder.file("2"))
        try DurableFile.link(folder.file("current"), to: "1")
        try DurableFile.link(folder.file("current"), to: "2")
        #expect(SymbolicLink.target(of: folder.file("current")) == "2")
        try DurableFile.link(folder.file("2/up"), to: "../1")
        try DurableFile.remove(folder.file("2"))
        #expect(FileContents.isFolder(folder.file("1")) && !FileContents.isFolder(folder.file("2")))
        try DurableFile.remove(folder.file("1"))
        try DurableFile.remove(folder.file("1"))
        #expect(FolderContents.names(in: folder.path) == ["current"])
    }

    @Test("a lock is for one at a time, and goes with its owner")
    func lock() throws {
        let path = folder.file("lock")
        #expect(try isFree(path))
        var first = try DurableFile.lock(path)
        #expect(try !isFree(path))
        first = nil
        // A program that another test starts may have the descriptor in its hands for a moment.
        #expect(try eventually { try isFree(path) })
        _ = consume first
    }

    private func isFree(_ path: String) throws -> Bool {
        if case .some(let lock) = try DurableFile.lock(path) { return lock.number >= 0 }
        return false
    }
}
