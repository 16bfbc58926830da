import Foundation
import Testing

@testable import gatekeeperd

@Suite("A file in memory")
struct MemoryFileTests {
    @Test("what is written is read by whoever gets the descriptor, again and again")
    func reading() throws {
        let file = try MemoryFile(byteCount: 4)
        #expect(file.read() == [0, 0, 0, 0])
        #expect(file.write([1, 2, 3, 4]))
        let inherited = try #require(MemoryFile(inherited: dup(file.number), byteCount: 4))
        #expect(inherited.read() == [1, 2, 3, 4])
        #expect(!file.write([9]))
        #expect(file.write([5, 6, 7, 8]))
        #expect(inherited.read() == [5, 6, 7, 8])
    }

    @Test("a descriptor of another kind or size isn't taken, and stays open")
    func others() throws {
        let pipe = Pipe()
        let folder = try TemporaryFolder()
        // SAFETY: the path outlives the call.
        let plain = unsafe open(try folder.write("1234", to: "file"), O_RDONLY)
        let other = try MemoryFile(byteCount: 5)
        defer { close(plain) }
        for number in [pipe.fileHandleForReading.fileDescriptor, plain, other.number] {
            #expect(MemoryFile(inherited: number, byteCount: 4) == nil)
            #expect(fcntl(number, F_GETFD) >= 0)
        }
        #expect(MemoryFile(inherited: 9_999, byteCount: 4) == nil)
    }
}
