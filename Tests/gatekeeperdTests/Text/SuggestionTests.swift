import Testing

@testable import gatekeeperd

@Suite("Suggestion")
struct SuggestionTests {
    @Test(
        "a mistyped key finds the one that was meant",
        arguments: [
            ("lissten", "listen"), ("listne", "listen"), ("alow", "allow"), ("ALLOW", "allow"), ("upsteam", "upstream"),
            ("wokers", "workers"),
        ])
    func near(_ word: String, meant: String) {
        #expect(Suggestion.nearest(to: word, among: Schema.names(under: "")) == meant)
    }

    @Test(
        "a word that is near to nothing finds nothing",
        arguments: ["", "banana", "x", "configuration", String(repeating: "listen", count: 11)])
    func far(_ word: String) {
        #expect(Suggestion.nearest(to: word, among: Schema.names(under: "")) == nil)
    }
}
