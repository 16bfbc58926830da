/// `--set key=value`: any key of the schema from the command line.
extension Configuration.Flag {
    /// One flag a key, in the order of their first mention: a list's key may be given several times, once for each element.
    static func assignments(_ texts: [String]) throws(ValueMistake) -> [Configuration.Flag] {
        var flags: [Configuration.Flag] = []
        for (index, text) in texts.enumerated() {
            guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
                // Not quoted: it may be the value alone, and a secret.
                throw ValueMistake("--set needs key=value, as limits.head=8KiB; number \(index + 1) of them has no key and =")
            }
            let key = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            if let index = flags.firstIndex(where: { $0.key == key }) {
                flags[index].values.append(value)
            } else {
                flags.append(Configuration.Flag(name: "--set \(key)", key: key, values: [value]))
            }
        }
        return flags
    }
}
