import FastCGI
import Glibc
import Linux

/// What is looked at of a request before libfcgi gets it, and libfcgi with what was found good.
enum FastCGITarget {
    private static let reader = Reader()

    static func run(_ input: Input) {
        var input = input
        let seed = input.byte()
        let bytes = input.bytes
        let head = RequestHead.examine(bytes, count: bytes.count)
        let partCount = bytes.isEmpty ? 0 : Int(seed) * bytes.count / 256
        let part = RequestHead.examine(bytes, count: partCount)
        if part != .incomplete { check(part == head, "what was said of the beginning holds for the whole") }
        check(RequestHead.examine(Array(bytes[..<partCount]), count: partCount) == part, "bytes beyond do not count")
        let whole = assemble([bytes[...]])
        let sliced = assemble(Array(Slices(bytes, seed: seed, longest: 1 + Int(seed & 63))))
        if bytes.count < RequestHead.byteCountLimit { check(whole == sliced, "a request does not depend on slicing") }
        guard head == .complete else { return }
        let read = reader.read(bytes)
        check(read != nil, "libfcgi takes what was found complete")
        check(whole.request != nil, "what is complete can be assembled")
        check(read?.id == whole.request?.id, "libfcgi reads the same request")
        // What libfcgi puts into an environment must be text without zeros, and names without equals signs.
        guard var expected = whole.request?.parameters, expected["FCGI_ROLE"] == nil,
            expected.allSatisfy({ isText($0) && isText($1) && !$0.utf8.contains(UInt8(ascii: "=")) })
        else { return }
        expected["FCGI_ROLE"] = "RESPONDER"
        check(read?.parameters == expected, "libfcgi reads the same parameters")
    }

    private static func isText(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 != "\0" && $0 != "\u{fffd}" }
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
            var progress = assembler.feed(slice)
            if case .head(let request) = progress {
                check(request.parameters.count <= RequestHead.parameterCountLimit, "a limited number of parameters")
                check(result.request == nil, "one head")
                result.request = request
                assembler.allowBody(byteCount: 1000, expected: 10)
                progress = assembler.feed([])
            }
            switch progress {
            case .incomplete: continue
            case .head: fatalError("a second head")
            case .complete: result.end = "complete"
            case .bodyTooLarge: result.end = "too large"
            case .refused(let defect): result.end = "\(defect)"
            }
            break loop
        }
        check(assembler.body.count <= 1000, "no more than was allowed")
        if result.end == "complete" { result.body = assembler.takeBody() }
        return result
    }

    /// libfcgi at one end of a socket.
    ///
    /// `@unchecked Sendable`: libFuzzer has one thread.
    private final class Reader: @unchecked Sendable {
        private let library: RequestReader

        init() {
            guard let library = try? RequestReader() else { fatalError("libfcgi cannot be initialised") }
            self.library = library
        }

        func read(_ bytes: [UInt8]) -> Request? {
            var ends: [CInt] = [0, 0]
            guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { return nil }
            let server = Descriptor(owning: ends[0])
            let client = Descriptor(owning: ends[1])
            // As the workers have it; a head is never longer than what a socket takes at once.
            _ = fcntl(server.number, F_SETFL, O_NONBLOCK)
            Socket.setSendBuffer(of: client.number, byteCount: 4 * RequestHead.byteCountLimit)
            let sent = unsafe bytes.withUnsafeBytes { unsafe write(client.number, $0.baseAddress, $0.count) }
            check(sent == bytes.count, "the socket takes a request")
            return try? library.read(from: server)
        }
    }
}
