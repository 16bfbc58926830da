import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("The kernel's tables under /proc/net")
struct KernelTableTests {
    private static let tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1611 1 0000000045324014 100 0 0 10 0
           1: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1612 1 0000000045324014 100 0 0 10 0
           2: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1613 1 0000000045324014 100 0 0 10 0
           3: 0500000A:D431 0900000A:0050 01 00000000:00000000 00:00000000 00000000     0        0 1614 1 0000000045324014 100 0 0 10 0

        """
    private static let tcp6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt
           0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000
           1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000
           2: B80D0120000000000000000007000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000
           3: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000

        """

    @Test("who listens is told, each address once, and connections are passed over")
    func listeners() {
        #expect(KernelTable.listeners(in: Self.tcp).map(\.description) == ["127.0.0.1:8080", "0.0.0.0:443"])
        #expect(
            KernelTable.listeners(in: Self.tcp6).map(\.description) == ["[::]:8080", "[::1]:80", "[2001:db8::7]:80", "127.0.0.1:81"])
    }

    @Test("the default gateways are told, and no other routes")
    func gateways() {
        let routes = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
            eth0\t0002A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            eth1\t0000000A\t0902A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0
            tun0\t00000000\t0502A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0

            """
        #expect(KernelTable.gateways(inRoutes: routes).map(\.description) == ["192.168.2.1"])
        let any = String(repeating: "0", count: 32)
        let routes6 = """
            fd000000000000000000000000000000 40 \(any) 00 \(any) 00000100 00000001 00000000 00000001     eth0
            \(any) 00 \(any) 00 fe800000000000000000000000000001 00000400 00000002 00000000 00000003     none0
            \(any) 00 \(any) 00 \(any) ffffffff 00000001 00000000 00200200       lo

            """
        #expect(KernelTable.gateways(inIPv6Routes: routes6).map(\.description) == ["fe80::1"])
    }

    @Test("the limit on open files is the soft one")
    func openFiles() {
        let limits = """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             15000                15000                processes
            Max open files            1024                 524288               files

            """
        #expect(KernelTable.openFilesMax(inLimits: limits) == 1024)
        #expect(KernelTable.openFilesMax(inLimits: limits.replacing("1024  ", with: "unlimited")) == .max)
        #expect(KernelTable.openFilesMax(inLimits: "nonsense") == nil)
    }

    @Test(
        "a table in another form has nothing in it",
        arguments: ["", "\n", "x", "a b c d\n: : : 0A\n", "h\n0: 0100007F:1F90 0 0A\n1: zz:1 0 0A\n2: 00:1 0 0A\n"])
    func nonsense(text: String) {
        #expect(KernelTable.listeners(in: text).allSatisfy { $0.description == "127.0.0.1:8080" })
        #expect(KernelTable.gateways(inRoutes: text).isEmpty && KernelTable.gateways(inIPv6Routes: text).isEmpty)
    }

    @Test("a listener of this process is found in the table as it is")
    func own() throws {
        let listener = try LoopbackListener()
        let table = try FileContents.read("/proc/net/tcp", bytesMax: 64 << 20)
        let found = KernelTable.listeners(in: String(decoding: table, as: UTF8.self))
        #expect(found.contains { $0.description == "127.0.0.1:\(listener.port)" })
    }

    @Test("networks that are reached without a router are read with their length")
    func networks() throws {
        let routes = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
            eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
            eth0\t0000A8C0\t0100000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
            tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
            """
        #expect(KernelTable.networks(inRoutes: routes).map(\.description) == ["10.0.0.0/24", "172.17.0.0/16"])
        let none = String(repeating: "0", count: 32)
        let ipv6 = """
            20010db8000000010000000000000000 40 \(none) 00 \(none) 00000100 00000001 00000000 00000001     eth0
            \(none) 00 \(none) 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
            ff000000000000000000000000000000 08 \(none) 00 \(none) 00000100 00000001 00000000 00000001     eth0
            20010db8000000010000000000000007 80 \(none) 00 \(none) 00000000 00000001 00000000 80200001       lo
            """
        #expect(KernelTable.networks(inIPv6Routes: ipv6).map(\.description) == ["2001:db8:0:1::/64"])
    }
}
