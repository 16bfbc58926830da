/// "Did you mean …": the known word nearest to one that isn't known.
enum Suggestion {
    /// Words longer than this are not typing mistakes, and comparing them would cost their square.
    private static let lengthMax = 64

    /// Nil when nothing is near enough to be what was meant: within a third of the word's length.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let characters = Array(word.lowercased())
        guard characters.count <= lengthMax else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(candidate.lowercased())
            // Of two that are equally near, the one that begins as the word does: MB is MiB rather than B.
            let distance = 2 * distance(characters, letters) + (letters.first == characters.first ? 0 : 1)
            if distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        guard let best, best.distance / 2 <= max(1, min(characters.count, best.candidate.count) / 3) else { return nil }
        return best.candidate
    }

    /// What to ask behind a word that isn't one of these; nil where nothing is near enough.
    static func question(about word: String, among candidates: [String]) -> String? {
        nearest(to: word, among: candidates).map { "; did you mean \($0)?" }
    }

    /// What to say behind a name that isn't one of these: what was probably meant, or which there are. Nil where there are none.
    static func hint(for name: String, among candidates: Set<String>) -> String? {
        let candidates = candidates.sorted()
        if let question = question(about: name, among: candidates) { return question }
        let shown = candidates.prefix(hintsMax)
        let more = candidates.count > hintsMax ? ", …" : ""
        return shown.isEmpty ? nil : "; there are \(shown.joined(separator: ", "))\(more)"
    }

    private static let hintsMax = 8

    /// How many characters have to be typed differently, left out, added or swapped with their neighbour (optimal string alignment).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforePrevious[j - 1] + 1) }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[b.count]
    }
}
