import Testing

@testable import Gatekeeper

struct ListenerTableTests {
    /// Of these tests alone: others listen on 127.0.0.1.
    private let anyPort: SocketAddress

    init() throws {
        anyPort = try SocketAddress(parsing: "127.83.19.8:0")
    }

    private func numbers(_ change: ListenerTable.Change) -> Set<Int32> { Set(change.opened.joined().map(\.descriptor)) }

    private func close(_ numbers: Set<Int32>) {
        for number in numbers { System.close(number) }
    }

    @Test("a listener that stays isn't touched")
    func stays() throws {
        var table = ListenerTable(workers: 2, inherited: [])
        let opened = numbers(try table.change(to: [anyPort]))
        defer { close(opened) }
        #expect(opened.count == 2)
        let change = try table.change(to: [anyPort])
        #expect(numbers(change).isEmpty && change.closed.isEmpty)
        #expect(Set(table.sockets.flatMap(\.descriptors)) == opened)
    }

    @Test("a free port that is asked for by its number is opened anew, and what was open is closed, back and forth")
    func freePortByNumber() throws {
        var table = ListenerTable(workers: 2, inherited: [])
        var change = try table.change(to: [anyPort])
        let bound = try #require(table.addresses.first)
        // The places of one address, which the log calls by one name.
        var places: [Int] = []
        for wanted in [bound, anyPort, bound, anyPort] {
            let before = change.opened.joined()
            let index = try #require(before.first).index
            places.append(index)
            #expect(table.names[index] == before.first?.address.description)
            change = try table.change(to: [wanted])
            defer { close(Set(before.map(\.descriptor))) }
            #expect(change.closed == [index])
            #expect(change.opened.joined().count == 2)
            #expect(change.opened.joined().allSatisfy { $0.index != index && $0.wanted == wanted })
            #expect(Set(table.sockets.flatMap(\.descriptors)) == numbers(change))
        }
        close(numbers(change))
        #expect(places.prefix(2) == [0, 1])
    }

    @Test("both wildcards of one port are each for their family, and one of them alone for both")
    func bothWildcards() throws {
        var table = ListenerTable(workers: 2, inherited: [])
        let free = numbers(try table.change(to: [SocketAddress(parsing: "0.0.0.0:0")]))
        let port = try #require(table.addresses.first).port
        close(free)
        table.forget(free)
        let (four, six) = (try SocketAddress(parsing: "0.0.0.0:\(port)"), try SocketAddress(parsing: "[::]:\(port)"))
        let both = try table.change(to: [four, six])
        #expect(both.opened.joined().count == 4)
        // The one for IPv6 alone isn't the one for both.
        let alone = try table.change(to: [six])
        #expect(alone.closed.count == 2)
        #expect(alone.opened.joined().count == 2)
        let again = try table.change(to: [six, four])
        #expect(again.closed.count == 1 && again.opened.joined().count == 4)
        close(numbers(both).union(numbers(alone)).union(numbers(again)))
    }

    @Test("sockets that a worker lost are passed on to nobody, and a listener without any is opened again")
    func lost() throws {
        var table = ListenerTable(workers: 2, inherited: [])
        let opened = numbers(try table.change(to: [anyPort]))
        defer { close(opened) }
        let first = try #require(opened.min())
        table.forget([first])
        #expect(table.sockets.map { Set($0.descriptors) } == [opened.subtracting([first])])
        #expect(numbers(try table.change(to: [anyPort])).isEmpty)
        table.forget(opened)
        #expect(table.sockets.isEmpty && table.addresses.isEmpty)
        let again = numbers(try table.change(to: [anyPort]))
        #expect(again.count == 2)
        close(again)
    }
}
