/// A certificate, a key or a list that OpenSSL holds for us, for as long as this lives.
@safe final class OpenSSLObject {
    let pointer: OpaquePointer
    private let free: (OpaquePointer?) -> Void

    @unsafe init(owning pointer: OpaquePointer, free: @escaping (OpaquePointer?) -> Void) {
        unsafe self.pointer = pointer
        unsafe self.free = free
    }

    deinit {
        // SAFETY: the pointer is this object's alone, which frees it once.
        unsafe free(pointer)
    }
}
