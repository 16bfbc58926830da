/// How often something may happen: `count` times in `perMilliseconds`.
public struct Rate: Sendable, Hashable {
    public var count: Int
    public var perMilliseconds: Int

    public init(count: Int, perMilliseconds: Int) {
        self.count = count
        self.perMilliseconds = perMilliseconds
    }
}
