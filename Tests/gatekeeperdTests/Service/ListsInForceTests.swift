import Foundation
import Gatekeeper
import Synchronization
import Testing

@testable import gatekeeperd

@Suite("Lists that change, as time passes")
struct ListsInForceTests {
    /// The places that are looked at: what is there, and how often it was looked.
    private final class World: Sendable {
        let outcome: Guarded<ListFetch.Outcome>
        let looks = Guarded(0)

        init(_ outcome: ListFetch.Outcome) { self.outcome = Guarded(outcome) }

        func look(_ source: ListSource) -> ListFetch.Outcome {
            looks.change { $0 += 1 }
            return outcome.value
        }
    }

    private let clock = TurnedClock()
    private let plane = FakeDataPlane()
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func vendor(_ path: String = "/ips.txt") throws -> ListSource {
        ListSource(
            label: "Vendor", way: .url(try ListSource.Page(url: "https://vendor.example\(path)", json: nil, everySeconds: 3600)))
    }

    private let office = ListSource(label: "office", way: .hosts("office.dyn.example.net"))

    private func entries(_ texts: String...) throws -> ListFetch.Outcome { .entries(try texts.map { try prefix($0) }) }

    private func lists(_ sources: [ListSource], _ world: World, changed: @escaping () -> Void = {}) -> ListsInForce {
        let lists = ListsInForce(sources, folder: folder.path, fetch: { world.look($0) }, at: clock.now.instant)
        lists.serve(on: plane) { _ in changed() }
        return lists
    }

    /// Has what is due done, and waits as the service's loop does until no look is under way.
    private func settle(_ lists: ListsInForce) {
        lists.pass(at: clock.now)
        while let number = lists.number {
            guard Poll.wait(for: number, milliseconds: 10_000) else { return }
            lists.ring()
            lists.pass(at: clock.now)
        }
    }

    private func accept(_ lists: ListsInForce, _ digest: String? = nil) throws -> ListReport.Proposal {
        try lists.accept("Vendor", digest: digest, by: GrantScene.alice, at: clock.now.wallTime).taken
    }

    private func admitted(_ lists: ListsInForce) -> [String] { lists.entries.map(\.prefix.description) }

    @Test("nothing is admitted before a person has accepted it, the first list included, and by what was shown")
    func consent() throws {
        let world = World(try entries("34.202.14.153", "3.209.57.193"))
        let lists = lists([try vendor()], world)
        settle(lists)
        let proposal = try #require(lists.reports[0].proposal)
        #expect(admitted(lists) == [] && proposal.added.count == 2 && proposal.digest.count == 8)
        #expect(plane.takeEvents().first?.hasPrefix("list state=proposed label=Vendor digest=\(proposal.digest)") ?? false)
        // Nobody has been shown it.
        #expect(throws: ControlFailure.self) { try accept(lists) }
        #expect(throws: ControlFailure.self) { try accept(lists, "00000000") }
        _ = lists.show()
        // Something else came after it was shown.
        world.outcome.change { $0 = .entries([]) }
        world.outcome.change { [self] in $0 = (try? entries("34.202.14.153", "34.202.14.154")) ?? $0 }
        clock.turn(milliseconds: 3_600_000)
        settle(lists)
        #expect(throws: ControlFailure.self) { try accept(lists) }
        #expect(throws: ControlFailure.self) { try accept(lists, proposal.digest) }
        #expect(admitted(lists) == [])
        _ = lists.show()
        _ = try accept(lists)
        #expect(admitted(lists) == ["34.202.14.153", "34.202.14.154"])
        #expect(lists.entries.allSatisfy { $0.label == "Vendor" && $0.origin == "list Vendor" })
        #expect(throws: ControlFailure.self) { try accept(lists) }
        #expect(plane.takeEvents().contains { $0.hasPrefix("list state=accepted") && $0.hasSuffix("by=alice (1000)") })
    }

    @Test("what was accepted stays over a restart, a page that is gone, an empty one, and one that lists everybody")
    func lastGood() throws {
        let world = World(try entries("34.202.14.153"))
        let first = lists([try vendor()], world)
        settle(first)
        _ = try accept(first, first.reports[0].proposal?.digest)
        let again = lists([try vendor()], world)
        #expect(admitted(again) == ["34.202.14.153"])
        settle(again)
        #expect(again.reports[0].proposal == nil && again.reports[0].failure == nil)
        for outcome in [
            ListFetch.Outcome.unreachable("it answered 500"), .refused("it holds no entry"), .refused("line 1: ::/0 is too large"),
        ] {
            world.outcome.change { $0 = outcome }
            clock.turn(milliseconds: 3_600_000)
            settle(again)
            #expect(admitted(again) == ["34.202.14.153"] && again.reports[0].failure != nil && again.reports[0].proposal == nil)
        }
    }

    @Test("what is proposed is known after a restart without a look, with since when, and is accepted by whoever was shown it")
    func proposed() throws {
        let world = World(try entries("34.202.14.153"))
        let first = lists([try vendor()], world)
        settle(first)
        let proposal = try #require(first.reports[0].proposal)
        // Nobody was shown it, before or after.
        let second = lists([try vendor()], world)
        #expect(second.reports[0].proposal == proposal && world.looks.value == 1)
        #expect(throws: ControlFailure.self) { try accept(second) }
        _ = second.show()
        clock.turn(milliseconds: 60_000)
        let third = lists([try vendor()], world)
        _ = try accept(third)
        #expect(admitted(third) == ["34.202.14.153"] && world.looks.value == 1)
        #expect(lists([try vendor()], world).reports[0].proposal == nil)
    }

    @Test("the same that is found again after a restart is no news; what isn't there any more, or may not be taken, isn't proposed then")
    func proposedAgain() throws {
        let world = World(try entries("34.202.14.153"))
        settle(lists([try vendor()], world))
        _ = plane.takeEvents()
        clock.turn(milliseconds: 3_600_000)
        let again = lists([try vendor()], world)
        let since = again.reports[0].proposal?.since
        settle(again)
        #expect(plane.takeEvents().isEmpty && again.reports[0].proposal?.since == since)
        world.outcome.change { $0 = .unreachable("it answered 500") }
        clock.turn(milliseconds: 3_600_000)
        settle(again)
        #expect(lists([try vendor()], world).reports[0].proposal?.since == since)
        world.outcome.change { $0 = .refused("it holds no entry") }
        clock.turn(milliseconds: 3_600_000)
        settle(again)
        #expect(again.reports[0].proposal == nil)
        #expect(lists([try vendor()], world).reports[0].proposal == nil)
    }

    @Test("each entry says since when it is there: what stays keeps it, over a restart and from a file that said it of the list alone")
    func listedAt() throws {
        let world = World(try entries("34.202.14.153"))
        let lists = lists([try vendor()], world)
        settle(lists)
        let first = clock.now.wallTime
        _ = try accept(lists, lists.reports[0].proposal?.digest)
        world.outcome.change { [self] in $0 = (try? entries("34.202.14.153", "34.202.14.154")) ?? $0 }
        clock.turn(milliseconds: 3_600_000)
        settle(lists)
        _ = try accept(lists, lists.reports[0].proposal?.digest)
        let second = clock.now.wallTime
        for lists in [lists, self.lists([try vendor()], world)] {
            #expect(lists.listedAt(try prefix("34.202.14.153"), label: "Vendor") == first)
            #expect(lists.listedAt(try prefix("34.202.14.154"), label: "Vendor") == second)
            #expect(lists.listedAt(try prefix("34.202.14.153"), label: "office") == nil)
        }
        let text = #"{"gatekeeper_lists":1,"lists":[{"key":"url Vendor","entries":["34.202.14.153"],"at_ms":7}]}"#
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file("lists")))
        #expect(self.lists([try vendor()], world).listedAt(try prefix("34.202.14.153"), label: "Vendor") == WallTime(milliseconds: 7))
    }

    @Test("a change back to what is admitted is no proposal any more")
    func takenBack() throws {
        let world = World(try entries("34.202.14.153"))
        let lists = lists([try vendor()], world)
        settle(lists)
        _ = try accept(lists, lists.reports[0].proposal?.digest)
        for (texts, isProposed) in [(["34.202.14.153", "34.202.14.1"], true), (["34.202.14.153"], false)] {
            world.outcome.change { $0 = .entries(texts.compactMap { try? prefix($0) }) }
            clock.turn(milliseconds: 3_600_000)
            settle(lists)
            #expect((lists.reports[0].proposal != nil) == isProposed)
        }
    }

    @Test("it is looked at as often as was said, sooner after a failure, and at once after a reload; one that can't be kept isn't accepted")
    func times() throws {
        let world = World(.unreachable("it answered 500"))
        let source = try vendor()
        let lists = lists([source], world)
        settle(lists)
        #expect(world.looks.value == 1)
        clock.turn(milliseconds: 599_999)
        settle(lists)
        #expect(world.looks.value == 1)
        world.outcome.change { [self] in $0 = (try? entries("34.202.14.153")) ?? $0 }
        clock.turn(milliseconds: 1)
        settle(lists)
        clock.turn(milliseconds: 3_599_999)
        settle(lists)
        #expect(world.looks.value == 2)
        lists.follow([source], at: clock.now.instant)
        settle(lists)
        #expect(world.looks.value == 3)
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(throws: ControlFailure.self) { try accept(lists, lists.reports[0].proposal?.digest) }
        #expect(admitted(lists) == [] && lists.reports[0].proposal != nil)
    }

    @Test("another page for the same label changes nothing before it is accepted; a list that leaves the configuration admits nobody")
    func reconfigured() throws {
        let world = World(try entries("34.202.14.153"))
        let lists = lists([try vendor()], world)
        settle(lists)
        _ = try accept(lists, lists.reports[0].proposal?.digest)
        lists.follow([try vendor("/new.txt")], at: clock.now.instant)
        #expect(admitted(lists) == ["34.202.14.153"])
        lists.follow([], at: clock.now.instant)
        #expect(admitted(lists) == [])
    }

    @Test(
        "what one page proposed, and somebody was shown, can't be accepted of another page, nor of a list that has come back",
        arguments: [true, false])
    func otherPage(restarts: Bool) throws {
        let world = World(try entries("34.202.14.153"))
        let first = lists([try vendor()], world)
        settle(first)
        let digest = try #require(first.show()[0].proposal?.digest)
        world.outcome.change { $0 = .unreachable("it answered 500") }
        let json = try JSONPath("$.ips")
        let page = try ListSource.Page(url: "https://vendor.example/ips.txt", json: json, everySeconds: 3600)
        for other in [try vendor("/new.txt"), ListSource(label: "Vendor", way: .url(page))] {
            let next = restarts ? lists([other], world) : first
            next.follow([other], at: clock.now.instant)
            #expect(next.reports[0].proposal == nil)
            for digest in [nil, digest] { #expect(throws: ControlFailure.self) { try accept(next, digest) } }
            #expect(admitted(next) == [])
        }
        // How often it is looked at is no other place.
        let page2 = try ListSource.Page(url: "https://vendor.example/ips.txt", json: nil, everySeconds: 7200)
        #expect(lists([ListSource(label: "Vendor", way: .url(page2))], world).reports[0].proposal?.digest == digest)
        first.follow([], at: clock.now.instant)
        first.pass(at: clock.now)
        let back = restarts ? lists([try vendor()], world) : first
        back.follow([try vendor()], at: clock.now.instant)
        #expect(throws: ControlFailure.self) { try accept(back, digest) }
        #expect(admitted(back) == [])
    }

    @Test("that a proposal couldn't be written is no trouble any more once something can be, also when it has vanished")
    func unwritten() throws {
        let world = World(try entries("34.202.14.153"))
        let lists = lists([try vendor()], world)
        try FileManager.default.removeItem(atPath: folder.path)
        settle(lists)
        #expect(lists.trouble != nil && lists.reports[0].proposal != nil)
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: false)
        world.outcome.change { $0 = .refused("it holds no entry") }
        clock.turn(milliseconds: 3_600_000)
        settle(lists)
        #expect(lists.trouble == nil && lists.reports[0].proposal == nil)
    }

    @Test("what a name stands for is admitted as it is, asked each minute, kept while nobody answers, and told with each change")
    func names() throws {
        let world = World(try entries("8.8.8.8"))
        let changes = Guarded(0)
        let lists = lists([office], world) { changes.change { $0 += 1 } }
        settle(lists)
        #expect(admitted(lists) == ["8.8.8.8"] && changes.value == 1)
        #expect(plane.takeEvents() == ["list state=changed label=office added=8.8.8.8 removed= entries=1"])
        clock.turn(milliseconds: 60_000)
        settle(lists)
        #expect(changes.value == 1 && world.looks.value == 2)
        world.outcome.change { $0 = .unreachable("name servers have no address for it, or don't answer") }
        clock.turn(milliseconds: 60_000)
        settle(lists)
        #expect(admitted(lists) == ["8.8.8.8"])
        // A restart while nobody answers.
        #expect(admitted(self.lists([office], world)) == ["8.8.8.8"])
        world.outcome.change { [self] in $0 = (try? entries("8.8.4.4")) ?? $0 }
        clock.turn(milliseconds: 60_000)
        settle(lists)
        #expect(admitted(lists) == ["8.8.4.4"] && changes.value == 2)
        #expect(throws: ControlFailure.self) { try lists.accept("office", digest: nil, by: GrantScene.alice, at: clock.now.wallTime) }
        let other = ListSource(label: "office", way: .hosts("other.example.net"))
        #expect(admitted(self.lists([other], world)) == [])
    }

    @Test(
        "a file that isn't ours admits nobody, and is a trouble",
        arguments: [
            "", "{}", #"{"gatekeeper_lists":1,"lists":[{"key":"url Vendor","entries":["x"]}]}"#,
            #"{"gatekeeper_lists":1,"lists":[{"key":"url Vendor","entries":[],"proposal":{"entries":["::/x"],"since_ms":1}}]}"#,
        ])
    func damaged(text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file("lists")))
        let lists = lists([try vendor()], World(try entries("34.202.14.153")))
        #expect(admitted(lists) == [] && lists.trouble?.contains("accepted anew") ?? false)
        // What is found now isn't put in the place of it before a person says so.
        settle(lists)
        _ = lists.show()
        #expect(try String(contentsOfFile: folder.file("lists"), encoding: .utf8) == text)
        _ = try accept(lists)
        #expect(lists.trouble == nil && FileManager.default.fileExists(atPath: folder.file("lists.corrupt")))
    }

    @Test("an unknown label is told with what was meant")
    func unknown() throws {
        let lists = lists([try vendor()], World(.unreachable("gone")))
        let failure = #expect(throws: ControlFailure.self) {
            try lists.accept("Vendr", digest: nil, by: GrantScene.alice, at: clock.now.wallTime)
        }
        #expect(failure?.message.contains("did you mean Vendor?") ?? false)
    }

    @Test("a proposal is a problem of its own, what is refused at once, and what isn't reached after a day if somebody is admitted")
    func problems() throws {
        func kinds(_ list: ListReport) -> [String] {
            var circumstances = Circumstances(at: clock.now.wallTime)
            circumstances.lists = [list]
            return circumstances.listProblems.map { "\($0.kind.rawValue) \($0.subject)" }
        }
        var list = ListReport(label: "Vendor", name: "Vendor (a list at vendor.example)", isProposed: true)
        list.proposal = ListReport.Proposal(
            entries: [], since: clock.now.wallTime, digest: "1a2b3c4d", added: [try prefix("34.202.14.153")], removed: [])
        #expect(kinds(list) == ["list_changed Vendor 1a2b3c4d"])
        list.proposal = nil
        list.failure = ListReport.Failure(reason: "it answered 500", since: clock.now.wallTime, isRefusal: false)
        #expect(kinds(list) == ["list_failed Vendor"])
        list.entries = [try prefix("34.202.14.153")]
        #expect(kinds(list) == [])
        clock.turn(milliseconds: 86_400_000)
        #expect(kinds(list) == ["list_failed Vendor"])
        list.failure = ListReport.Failure(reason: "it is a web page", since: clock.now.wallTime, isRefusal: true)
        #expect(kinds(list) == ["list_failed Vendor"])
    }
}
