/// What `gatekeeperd presets` prints.
extension VendorPreset {
    /// One line.
    var overview: String { "\(name)  \(title), \(addresses.count) addresses, \(date)" }

    /// Everything that is known, for people.
    var description: [String] {
        ["\(title): allow: [{preset: \(name)}]"] + addresses.map { "  \($0)" } + ["source: \(source), as of \(date)"] + notes
    }

    var json: JSON {
        .object(
            of: ("name", .string(name)), ("title", .string(title)), ("kind", .string("vendor")), ("addresses", .strings(addresses)),
            ("source", .string(source)), ("date", .string(date)), ("notes", .strings(notes)))
    }
}
