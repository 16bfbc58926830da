import Foundation
import Testing

@testable import gatekeeperd

struct FileWatchTests {
    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    @Test("a change is told of once, also when the same files were asked to be watched again in between")
    func again() throws {
        let folder = try ScratchFolder(["a": "1", "b": "1"])
        var watch = try FileWatch()
        watch.watch([folder.file("a"), folder.file("b")])
        try write("2", to: folder.file("a"))
        watch.watch([folder.file("a"), folder.file("b")])
        #expect(watch.changed() == [folder.file("a")])
        #expect(watch.changed().isEmpty)
    }

    @Test("a file that is missing is no change, and one when it is there again as another")
    func missing() throws {
        let folder = try ScratchFolder(["a": "1"])
        var watch = try FileWatch()
        watch.watch([folder.file("a")])
        try FileManager.default.removeItem(atPath: folder.file("a"))
        #expect(watch.changed().isEmpty)
        watch.watch([folder.file("a")])
        try write("2", to: folder.file("a"))
        #expect(watch.changed() == [folder.file("a")])
    }

    @Test("files that aren't watched any more are forgotten")
    func forgotten() throws {
        let folder = try ScratchFolder(["a": "1", "b": "1"])
        var watch = try FileWatch()
        watch.watch([folder.file("a")])
        watch.watch([folder.file("b")])
        try write("2", to: folder.file("a"))
        #expect(watch.changed().isEmpty)
        watch.watch([folder.file("a"), folder.file("b")])
        #expect(watch.changed().isEmpty)
    }
}
