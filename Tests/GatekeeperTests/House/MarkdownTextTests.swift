import Testing

struct MarkdownTextTests {
    private let page = MarkdownText(
        """
        # What holds, on purpose
        See [the guide](docs/guide.md#first-steps "title"), ![picture](a%20b.png) and [both]
        [of](https://example.com/x) `[no](link)` and `Buffer`.

        ```
        [not](here.md) `Nothing`
        ## no heading
        ```
        ## Worker
        ## Worker
        [both]: <other.md>
        """)

    @Test("links are found inline and in definitions, not in code")
    func links() {
        #expect(page.linkTargets == ["docs/guide.md#first-steps", "a%20b.png", "https://example.com/x", "other.md"])
    }

    @Test("code spans are those of the prose")
    func codeSpans() {
        #expect(page.codeSpans == ["[no](link)", "Buffer"])
    }

    @Test("headings have the anchors that code hosts give them")
    func anchors() {
        #expect(page.anchors == ["what-holds-on-purpose", "worker", "worker-1"])
    }
}
