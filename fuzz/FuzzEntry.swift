/// libFuzzer's way in: each input goes to the property that `FUZZ_PROPERTY` names; a broken one ends the process, which libFuzzer reports
/// with the input.
import Glibc

private let property: @Sendable ([UInt8]) -> String? = {
    let name = unsafe getenv("FUZZ_PROPERTY").map { unsafe String(cString: $0) } ?? ""
    if name == "settings" { return SettingsProperty.check }
    guard let found = FuzzProperties.all.first(where: { $0.name == name }) else { fatalError("FUZZ_PROPERTY=\(name) is no property") }
    return found.check
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let broken = property(bytes) { fatalError(broken) }
    return 0
}
