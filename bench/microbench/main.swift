// Times of the pieces that every connection and every exchange pass through, without a network:
//
//     swift run -c release microbench
//
// Each figure is the median of several rounds; `malloc` is the number of allocations that the measuring thread made
// in all rounds together.

let sizes = [2, 1_000, 1_000_000]
print("allow-list lookups, ns each")
for size in sizes {
    for lengths in AllowListBench.lengthSets {
        AllowListBench(entries: size, lengths: lengths).run()
    }
}
print("\njournal records, ns each")
try JournalBench().run()
