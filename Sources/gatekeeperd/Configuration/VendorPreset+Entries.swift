internal import Gatekeeper

extension VendorPreset {
    /// Entries of the allow-list. `origin` is where the configuration names the preset.
    func entries(label: String?, origin: Origin) throws(ValueMistake) -> [Settings.AllowEntry] {
        var entries: [Settings.AllowEntry] = []
        for address in addresses {
            var entry = try AllowFile.entry(address, label: label ?? title, origin: origin)
            entry.origin = "\(origin) (preset \(name))"
            entries.append(entry)
        }
        return entries
    }
}
