internal import Gatekeeper

/// Lists that turned empty without anybody's saying so.
extension Configuration {
    /// Puts back what lists held in `old` that hold nothing here: the usual outcome of a download that failed, which would turn everybody away.
    ///
    /// - Returns: their paths.
    mutating func keepLists(of old: Configuration) -> Set<String> {
        let emptied = Set(listLengths.filter { $0.value == 0 && old.listLengths[$0.key, default: 0] > 0 }.keys)
        for path in emptied {
            let name = listNames[path] ?? path
            settings.allow += old.settings.allow.filter { $0.origin?.hasPrefix("\(name):") ?? false }
            listLengths[path] = old.listLengths[path]
        }
        return emptied
    }

    /// What to say of those.
    func lines(ofEmptied paths: Set<String>) -> [String] {
        paths.sorted().map {
            "\(listNames[$0] ?? $0) holds no entry any more; a list that turns empty isn't taken by itself, `gatekeeperd reload` takes it"
        }
    }
}
