import Glibc
import Testing

@testable import Gatekeeper

struct DescriptorReserveTests {
    @Test("sheds one waiting connection with a reset, each time it is asked, and says whose it was")
    func sheds() throws {
        let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
        let address = try System.localAddress(of: listener.number)
        var reserve = DescriptorReserve()
        var shed = reserve.shed(from: listener.number)
        #expect(shed == nil)
        let peers = [try PeerSocket(connectingTo: address), try PeerSocket(connectingTo: address)]
        for peer in peers {
            #expect(System.waitReadable(listener.number, milliseconds: 10_000))
            shed = reserve.shed(from: listener.number)
            #expect(shed == PeerAddress(ipv4: 0x7f00_0001))
            #expect(peer.receive() == .failed(ECONNRESET))
        }
        shed = reserve.shed(from: listener.number)
        #expect(shed == nil)
    }

    /// In a process of its own, whose descriptors may run out without taking those of other tests.
    @Test("works when the process has no descriptor left, and again after that")
    func exhausted() async {
        await #expect(processExitsWith: .success) {
            let listener = try System.listen(on: SocketAddress(parsing: "127.0.0.1:0"))
            let address = try System.localAddress(of: listener.number)
            var reserve = DescriptorReserve()
            let peers = try (0..<8).map { _ in try PeerSocket(connectingTo: address) }
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 64
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            var fillers: [Int32] = []
            var shedCount = 0
            for _ in peers {
                while case let filler = System.openNull(), filler >= 0 { fillers.append(filler) }
                guard System.waitReadable(listener.number, milliseconds: 10_000) else { exit(2) }
                switch System.accept(listener.number) {
                // Another thread of this process (the testing library's) has closed something in between.
                case .connection: continue
                case .exhausted(EMFILE): break
                default: exit(3)
                }
                // Or has taken the reserve's place: with a descriptor that comes free the reserve recovers.
                var shed = reserve.shed(from: listener.number)
                while shed == nil, let filler = fillers.popLast() {
                    System.close(filler)
                    shed = reserve.shed(from: listener.number)
                }
                guard shed != nil else { exit(4) }
                shedCount += 1
            }
            limit.rlim_cur = limit.rlim_max
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard shedCount > 1 else { exit(5) }
        }
    }
}
