import FastCGI
import Glibc
import Linux

/// Fuzzes the check that protects libfcgi from bad request headers, and libfcgi itself with headers that pass it.
enum FastCGITarget {
    /// The reader that parses the headers of all inputs.
    ///
    /// `nonisolated(unsafe)` is safe here, since libFuzzer uses only one thread.
    private nonisolated(unsafe) static let reader: RequestReader = {
        guard let reader = try? RequestReader() else { fatalError("cannot initialise libfcgi") }
        return reader
    }()

    static func run(_ input: Input) {
        var input = input
        let seed = input.byte()
        let bytes = input.bytes
        let head = RequestHead.examine(bytes, count: bytes.count)
        let partCount = bytes.isEmpty ? 0 : Int(seed) * bytes.count / 256
        let part = RequestHead.examine(bytes, count: partCount)
        if part != .incomplete { check(part == head, "a verdict on the first bytes also holds for all bytes") }
        check(
            RequestHead.examine(Array(bytes[..<partCount]), count: partCount) == part,
            "bytes beyond `count` do not affect the verdict")
        let whole = assemble([bytes[...]])
        let sliced = assemble(Array(Slices(bytes, seed: seed, maximumLength: 1 + Int(seed & 63))))
        if bytes.count < RequestHead.maximumByteCount { check(whole == sliced, "slicing does not change the request") }
        guard case .complete(let headByteCount) = head else { return }
        check(headByteCount > 0, "a complete header is not empty")
        check(whole.request != nil, "libfcgi can parse each header that passes the check")
    }

    private struct Assembled: Equatable {
        var request: Request?
        var body: [UInt8] = []
        var end = ""
    }

    private static func assemble(_ slices: [ArraySlice<UInt8>]) -> Assembled {
        var assembler = RequestAssembler()
        var result = Assembled()
        loop: for slice in slices {
            var progress = assembler.feed(slice, unsafe reader)
            if case .head(let request) = progress {
                check(
                    request.parameters.count <= RequestHead.maximumParameterCount, "the number of parameters is limited"
                )
                check(result.request == nil, "a request has only one header")
                result.request = request
                assembler.allowBody(byteCount: 1000, expected: 10)
                progress = assembler.feed([], unsafe reader)
            }
            switch progress {
            case .incomplete: continue
            case .head: fatalError("a second header was reported")
            case .complete: result.end = "complete"
            case .bodyTooLarge: result.end = "too large"
            case .refused(let defect): result.end = "\(defect)"
            }
            break loop
        }
        check(assembler.body.count <= 1000, "a body is not larger than allowed")
        if result.end == "complete" { result.body = assembler.takeBody() }
        return result
    }
}
