import Testing

@testable import Gatekeeper

struct RateBucketTests {
    private static let start: UInt64 = 5_000_000_000
    private static let rates = [
        Rate(count: 1, perMilliseconds: 60_000), Rate(count: 3, perMilliseconds: 60_000), Rate(count: 7, perMilliseconds: 1_000),
        Rate(count: 300, perMilliseconds: 60_000), Rate(count: 1_000_000, perMilliseconds: 1_000),
    ]

    /// How many of `count` requests at one moment are let through.
    private func taken(_ count: Int, from bucket: inout RateBucket, by rate: Rate, at nanoseconds: UInt64) -> Int {
        var taken = 0
        for _ in 0..<count where bucket.take(by: rate, now: Instant(nanoseconds: nanoseconds)) == nil { taken += 1 }
        return taken
    }

    @Test("as many as the rate names pass at once, and one is as far away as they are apart on average", arguments: rates)
    func burst(rate: Rate) {
        var bucket = RateBucket(rate, now: Instant(nanoseconds: Self.start))
        #expect(taken(rate.count, from: &bucket, by: rate, at: Self.start) == rate.count)
        let count = UInt64(rate.count)
        #expect(
            bucket.take(by: rate, now: Instant(nanoseconds: Self.start)) == (UInt64(rate.perMilliseconds) * 1_000_000 + count - 1) / count)
    }

    @Test("whoever waits as long as it is told may ask, and a nanosecond sooner it may not", arguments: rates)
    func wait(rate: Rate) throws {
        var bucket = RateBucket(rate, now: Instant(nanoseconds: Self.start))
        var now = Self.start
        _ = taken(rate.count, from: &bucket, by: rate, at: now)
        for _ in 1...5 {
            let told = bucket.take(by: rate, now: Instant(nanoseconds: now))
            let wait = try #require(told)
            #expect(bucket.take(by: rate, now: Instant(nanoseconds: now + wait - 1)) != nil)
            #expect(bucket.take(by: rate, now: Instant(nanoseconds: now + wait)) == nil)
            now += wait
        }
    }

    @Test("in no stretch of time does more pass than the burst and what the rate gives in it", arguments: [UInt64(1), 2, 3])
    func average(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let rate = Rate(count: 7, perMilliseconds: 1_000)
        var bucket = RateBucket(rate, now: Instant(nanoseconds: Self.start))
        var now = Self.start
        var passed = 0
        for _ in 0..<20_000 {
            now += UInt64.random(in: 0...80_000_000, using: &generator)
            if bucket.take(by: rate, now: Instant(nanoseconds: now)) == nil { passed += 1 }
            let elapsed = now - Self.start
            #expect(UInt64(passed) * 1_000_000_000 <= 7 * (elapsed + 1_000_000_000))
        }
        // And no less, since more came.
        #expect(UInt64(passed) * 1_000_000_000 > 7 * (now - Self.start))
    }

    @Test("a request that is turned away costs nothing: asking in vain doesn't make the wait longer")
    func vain() {
        let rate = Rate(count: 2, perMilliseconds: 60_000)
        var bucket = RateBucket(rate, now: Instant(nanoseconds: Self.start))
        #expect(taken(1_000, from: &bucket, by: rate, at: Self.start) == 2)
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: Self.start + 29_999_999_999)) == 1)
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: Self.start + 30_000_000_000)) == nil)
    }

    @Test(
        "a bucket that has been left alone for centuries holds one burst and no more",
        arguments: [UInt64.max, UInt64.max - 1, 1 << 62] as [UInt64])
    func idle(now: UInt64) {
        let rate = Rate(count: 1_000_000, perMilliseconds: 1_000)
        var bucket = RateBucket(rate, now: Instant(nanoseconds: 0))
        #expect(taken(1_000_001, from: &bucket, by: rate, at: 0) == 1_000_000)
        #expect(taken(1_000_001, from: &bucket, by: rate, at: now) == 1_000_000)
        #expect(bucket.usedParts(at: Instant(nanoseconds: now)) > 0)
    }

    @Test(
        "a rate that makes no sense is the nearest one that does, and another period than a second or a minute is kept as well as it can be",
        arguments: [
            (Rate(count: 0, perMilliseconds: 1_000), 1, 1_000_000_000), (Rate(count: .min, perMilliseconds: .min), 1, 1_000_000),
            (Rate(count: 1, perMilliseconds: .max), 1, 60_000_000_000), (Rate(count: 2, perMilliseconds: 90_000), 2, 60_000_000_000),
            (Rate(count: 5, perMilliseconds: 100), 5, 20_000_000),
        ] as [(Rate, Int, UInt64)])
    func otherPeriods(rate: Rate, burst: Int, wait: UInt64) {
        var bucket = RateBucket(rate, now: Instant(nanoseconds: Self.start))
        #expect(taken(burst, from: &bucket, by: rate, at: Self.start) == burst)
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: Self.start)) == wait)
    }

    @Test("a worker whose clock is behind neither gains nor costs anything")
    func behind() {
        let rate = Rate(count: 2, perMilliseconds: 60_000)
        var bucket = RateBucket(rate, now: Instant(nanoseconds: Self.start))
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: Self.start)) == nil)
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: 0)) == nil)
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: 0)) == 30_000_000_000)
        // Had the clock been turned back with it, more time would seem to have passed.
        #expect(bucket.take(by: rate, now: Instant(nanoseconds: Self.start)) == 30_000_000_000)
    }

    @Test("what was used stays used by another rate")
    func otherRate() {
        let (slow, fast) = (Rate(count: 3, perMilliseconds: 60_000), Rate(count: 60, perMilliseconds: 1_000))
        var bucket = RateBucket(slow, now: Instant(nanoseconds: Self.start))
        #expect(taken(9, from: &bucket, by: slow, at: Self.start) == 3)
        #expect(taken(99, from: &bucket, by: fast, at: Self.start) == 57)
        // Full is full: less than that can't be asked of a source, and more would be a wait that nobody was told of.
        #expect(bucket.take(by: slow, now: Instant(nanoseconds: Self.start)) == 20_000_000_000)
    }

    @Test("time until a change has passed by the rate before it")
    func untilChange() {
        let (slow, fast) = (Rate(count: 3, perMilliseconds: 60_000), Rate(count: 60, perMilliseconds: 1_000))
        var bucket = RateBucket(fast, now: Instant(nanoseconds: Self.start))
        _ = taken(60, from: &bucket, by: fast, at: Self.start)
        // A second empties the fast one, and by the slow one next to nothing.
        #expect(taken(9, from: &bucket, by: slow, at: Self.start + 1_000_000_000) == 3)
        #expect(taken(99, from: &bucket, by: fast, at: Self.start + 2_000_000_000) == 57)
    }
}
