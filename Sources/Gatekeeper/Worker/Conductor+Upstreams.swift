/// What a worker's tasks do for its connections to the ticket systems.
extension Conductor {
    struct WeakPools {
        weak var pools: UpstreamPools?
    }

    func keepPoolClean(set: UInt64, upstream place: Int) async {
        guard let pool = poolSets[set]?.pools?.pools[place] else { return }
        await pool.run()
    }

    func relievePool(set: UInt64, upstream place: Int) {
        poolSets[set]?.pools?.pools[place].relieve()
    }

    func checkHealth(set: UInt64, upstream place: Int) async {
        await poolSets[set]?.pools?.check(place, host: context.snapshot.askedHost)
    }

    func askHealth(set: UInt64, upstream place: Int) async {
        await poolSets[set]?.pools?.ask(
            place, host: context.snapshot.askedHost, connectMilliseconds: context.snapshot.timeouts.connectMilliseconds)
    }
}
