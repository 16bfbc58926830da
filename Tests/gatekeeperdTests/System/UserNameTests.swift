import Testing

@testable import gatekeeperd

@Suite("Names of users")
struct UserNameTests {
    @Test("come from the file, first come first served, and no odd line disturbs")
    func names() {
        let file = Array(
            "root:x:0:0:root:/root:/bin/sh\n\nodd\n:x:7:7::/:\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1000:1000::/:\nlast:x:12:1".utf8)
        #expect(UserName.name(of: 0, in: file) == "root")
        #expect(UserName.name(of: 1000, in: file) == "ann")
        #expect(UserName.name(of: 12, in: file) == "last")
        for user: UInt32 in [1, 7, .max] { #expect(UserName.name(of: user, in: file) == nil) }
    }

    @Test("this machine's first user is known, and a number without a name has none")
    func here() {
        #expect(UserName.of(0) == "root")
        #expect(UserName.of(4_123_456_789) == nil)
    }
}
