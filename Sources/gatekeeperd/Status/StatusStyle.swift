internal import Gatekeeper

/// The status page's style sheet, which stands in the page itself.
enum StatusStyle {
    /// What a browser compares the style with before it uses it (CSP3 §2.3.1).
    static let hash: String = {
        let digits = Array(Fingerprint.sha256(of: Array(text.description.utf8)))
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
        return Base64.encode(bytes)
    }()

    static let text: StaticString = """

        :root { color-scheme: light dark; --ground: #fff; --text: #1c2024; --quiet: #5c6670; --line: #d9dee3; --well: #1a7f37; --bad: #b3261e; --badground: #fdeceb; --bar: #2f6fb0; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #14171a; --text: #e6e9ec; --quiet: #98a2ac; --line: #333a41; --well: #5bc27a; --bad: #ff8a80; --badground: #3a1f1d; --bar: #6cb0f5; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
        main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
        h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
        .well { color: var(--well); }
        .attention { border-left: .25rem solid var(--bad); background: var(--badground); padding: .75rem 1rem; }
        .attention h2 { margin: 0; color: var(--bad); }
        ul { margin: .25rem 0 0; padding-left: 1.25rem; }
        dl { margin: 0; }
        dl div { display: flex; gap: 1rem; padding: .125rem 0; }
        dt { flex: 0 0 11rem; color: var(--quiet); }
        dd { margin: 0; }
        .counts dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 1rem; margin-top: 1rem; }
        .counts dl div { display: flex; flex-direction: column-reverse; gap: 0; border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; }
        .counts dt { flex: none; }
        .counts dd { font-size: 1.5rem; font-variant-numeric: tabular-nums; }
        table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
        th { font-weight: normal; color: var(--quiet); white-space: nowrap; }
        .number { text-align: right; }
        .number + :not(.number) { padding-left: 1rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem; }
        figure { margin: 0; min-width: 0; }
        svg { display: block; width: 100%; height: 5rem; border-bottom: 1px solid var(--quiet); }
        .bars { fill: var(--bar); }
        .unknown { fill: var(--line); }
        .axis { display: flex; justify-content: space-between; margin: 0; color: var(--quiet); font-size: .8125rem; }
        .course { margin: 0; color: var(--quiet); font-size: .8125rem; }
        summary { cursor: pointer; margin-top: .75rem; }
        tr.bad td { color: var(--bad); }
        footer { margin-top: 2rem; color: var(--quiet); }
        a { color: inherit; }
        @media (max-width: 40rem) {
          thead { display: none; }
          tr { display: block; border-bottom: 1px solid var(--line); padding: .5rem 0; }
          td { display: flex; gap: 1rem; border: 0; padding: 0; }
          td::before { content: attr(data-name); flex: 0 0 6rem; color: var(--quiet); }
          td.number { text-align: left; }
          .number + :not(.number) { padding-left: 0; }
          dt { flex-basis: 8rem; }
        }

        """
}
