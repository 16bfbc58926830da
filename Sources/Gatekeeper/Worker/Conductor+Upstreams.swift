/// What a worker's tasks do for its connections to the ticket systems.
extension Conductor {
    struct WeakPools {
        weak var pools: UpstreamPools?
    }

    func keepPoolClean(set: UInt64, upstream index: Int) async {
        guard let pool = poolSets[set]?.pools?.pools[index] else { return }
        await pool.run()
    }

    func relievePool(set: UInt64, upstream index: Int) {
        poolSets[set]?.pools?.pools[index].relieve()
    }

    func checkHealth(set: UInt64, upstream index: Int) async {
        await poolSets[set]?.pools?.check(index, host: context.snapshot.askedHost)
    }

    func askHealth(set: UInt64, upstream index: Int) async {
        await poolSets[set]?.pools?.ask(
            index, host: context.snapshot.askedHost, connectMilliseconds: context.snapshot.timeouts.connectMilliseconds)
    }
}
