import Glibc

/// The target that the environment variable ORIEL_FUZZ_TARGET names.
///
/// The command line cannot select the target, because libFuzzer parses the command line.
private let target: FuzzTarget = {
    let name = unsafe getenv("ORIEL_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: " ")
        print("Unknown target '\(name)': set ORIEL_FUZZ_TARGET to one of \(names).")
        exit(EX_USAGE)
    }
    return target
}()

/// Runs the target with one input; libFuzzer calls this function for each input.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target.run(unsafe [UInt8](UnsafeBufferPointer(start: start, count: count)))
    return 0
}
