/// Which request bodies without a length are collected before they are sent.
struct CollectingRule {
    let bytesMax: Int
    /// A longer one is refused with 413, and not streamed.
    let isLimit: Bool

    /// Nil where all are streamed.
    init?(_ setting: Settings.Upstream.RequestBuffering, bodyBytesMax: Int) {
        switch setting {
        case .off: return nil
        case .auto:
            bytesMax = min(Settings.Upstream.RequestBuffering.autoBytesMax, bodyBytesMax)
            isLimit = false
        case .upTo(let bytes):
            bytesMax = min(bytes, bodyBytesMax)
            isLimit = true
        }
    }
}
