import Gatekeeper
import Testing

@testable import gatekeeperd

@Suite("Vendor presets")
struct VendorPresetTests {
    @Test("every preset has single addresses that can be read, a source and a date", arguments: VendorPreset.all.map(\.name))
    func wellFormed(name: String) throws {
        let preset = try VendorPreset.find(name)
        let entries = try preset.entries(label: nil, origin: .commandLine)
        #expect(!entries.isEmpty && entries.allSatisfy { $0.prefix.isExact })
        #expect(Set(entries.map(\.prefix)).count == entries.count)
        #expect(entries.allSatisfy { $0.label == preset.title })
        #expect(preset.source.hasPrefix("https://"))
        #expect(try CalendarTime.unixSeconds(preset.date + "T00:00:00Z") < WallTime.now().milliseconds / 1000)
        #expect(preset.json.texts == nil && preset.json["addresses"]?.texts == preset.addresses)
    }

    @Test("names are told apart")
    func names() {
        #expect(Set(VendorPreset.all.map(\.name)).count == VendorPreset.all.count)
        #expect(throws: ValueMistake("there is no preset \"tier2ticket\" (tier2tickets); did you mean tier2tickets?")) {
            try VendorPreset.find("tier2ticket")
        }
    }

    @Test("a preset in the allow-list stands for its addresses, each with the place that named it")
    func inConfiguration() throws {
        let yaml = minimal().replacing("allow: [127.0.0.2]", with: "allow: [{preset: tier2tickets}]")
        let entries = try load(yaml).settings.allow
        #expect(entries.map(\.prefix.description) == ["34.202.14.153", "3.209.57.193"])
        #expect(entries.allSatisfy { $0.origin?.hasSuffix(" (preset tier2tickets)") == true })
    }
}
