import Testing

@testable import gatekeeperd

@Suite("Has the machine room for the service?")
struct HostExaminationTests {
    private func examine(
        possible: Int? = 10_000, obstacle: String? = nil, space: FreeSpace? = FreeSpace(bytes: 1 << 30, files: 1_000_000),
        unit: HostExamination.UnitFacts? = nil
    ) -> [ExaminationFinding] {
        HostExamination(
            descriptorsMax: possible.map { $0 * 2 + 32 }, connectionsWanted: 10_000, connectionsPossible: possible,
            state: .init(path: "/var/lib/gatekeeper", obstacle: obstacle, space: space), unit: unit
        ).findings
    }

    @Test("room for everything is well")
    func well() {
        #expect(examine().map(\.severity) == [.ok])
        #expect(examine(space: FreeSpace(bytes: 64 << 20, files: nil)).map(\.severity) == [.ok])
        #expect(examine(unit: .init(isInstalled: true, isEnabled: true)).map(\.severity) == [.ok])
    }

    @Test("fewer descriptors than limits.connections needs are a finding with the numbers")
    func descriptors() {
        let findings = examine(possible: 496)
        #expect(findings.map(\.severity) == [.wrong])
        #expect(
            findings[0].seen
                == "the service may open 1024 descriptors, which is enough for 496 connections and not for limits.connections, 10000")
        #expect(examine(possible: nil).map(\.severity) == [.unexamined])
    }

    @Test("a disk that is nearly full, of bytes or of files, is a finding, and so is a folder that can't be written to")
    func disk() {
        #expect(examine(space: FreeSpace(bytes: 3 << 20, files: 5)).map(\.seen) == ["3MiB are left where /var/lib/gatekeeper lies"])
        #expect(
            examine(space: FreeSpace(bytes: 1 << 30, files: 5)).map(\.seen) == ["room for 5 files are left where /var/lib/gatekeeper lies"])
        #expect(examine(obstacle: "write into it", space: nil).map(\.severity) == [.wrong])
    }

    @Test("without a state folder there is a note")
    func noState() {
        let examination = HostExamination(descriptorsMax: 1024, connectionsWanted: 1, connectionsPossible: 1)
        #expect(examination.findings.map(\.severity) == [.note])
    }

    @Test("a unit that the next boot doesn't start is a finding, none at all a note")
    func unit() {
        #expect(examine(unit: .init(isInstalled: true, isEnabled: false)).map(\.severity) == [.wrong])
        #expect(examine(unit: .init(isInstalled: false, isEnabled: false)).map(\.severity) == [.note])
    }

    @Test("the space of a folder is what the file system says")
    func space() throws {
        let space = try #require(FreeSpace(inFolder: "/"))
        #expect(space.bytes > 0)
        #expect(FreeSpace(inFolder: "/nowhere/at/all") == nil)
    }
}
