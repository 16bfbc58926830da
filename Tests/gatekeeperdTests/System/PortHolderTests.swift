import Foundation
import Testing

@testable import gatekeeperd

@Suite("Who holds a port")
struct PortHolderTests {
    @Test("is found by the socket that listens, with its program's name")
    func own() throws {
        let listener = try LoopbackListener()
        let port = listener.port
        #expect(PortHolder.find(port: port)?.process == Int(ProcessInfo.processInfo.processIdentifier))
        #expect(PortHolder.find(port: port)?.program.isEmpty == false)
        // It lives until here.
        #expect(listener.port == port)
    }

    @Test("only what listens on that port counts")
    func table() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000
               1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000
               2: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000
               3: short
            """
        #expect(PortHolder.sockets(in: table, port: 8080) == ["4711"])
        #expect(PortHolder.sockets(in: table, port: 443) == ["4713"])
        #expect(PortHolder.sockets(in: table, port: 80).isEmpty)
        #expect(PortHolder.find(port: 1) == nil)
    }
}
