/// What a parser says about the bytes so far: there is no fourth answer, and no repair.
package enum ParseResult<Head> {
    /// Nothing is wrong yet and the message part isn't complete; call again with more bytes.
    case needsMore
    case parsed(Head)
    /// Decided by the bytes seen so far, whatever follows. The connection closes after the answer; nothing behind is read.
    case refused(Refusal)
}

extension ParseResult: Sendable where Head: Sendable {}
extension ParseResult: Equatable where Head: Equatable {}
