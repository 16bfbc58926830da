/// The head of a response, taken apart.
///
/// Every `ByteRange` counts from the first of the bytes that the parser was given. The fields are in the `FieldTable` it filled.
package struct ResponseHead: Sendable, Equatable {
    package var version: HTTPVersion
    /// 100 to 599.
    package var status: UInt16
    /// May be empty, hold blanks and bytes beyond ASCII; never a control character.
    package var reason: ByteRange
    /// Everything through the empty line; the body begins here.
    package var byteCount = 0
    package var framing: BodyFraming = .none
    /// The upstream keeps the connection. Never with a body that ends with it, nor where a bodyless response came with the fields of a
    /// body: then nobody knows what follows.
    package var isPersistent = false
    /// The protocols in `Upgrade`, in a 101 (or 426) whose `Connection` names it.
    package var upgradesTo: ByteRange?

    /// Another head follows for the same request (RFC 9110 §15.2); 101 is the end of HTTP on this connection instead.
    package var isInterim: Bool { status < 200 && status != 101 }
}
