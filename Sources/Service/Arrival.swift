import FastCGI
import Web

/// The state of a request that is still arriving.
final class Arrival {
    var assembler = RequestAssembler()
    var takeBody: (([UInt8]) throws(HTTPError) -> Void)?
    /// The error for a body that is too long.
    var tooLong = HTTPError(413, "too_large", "This address takes no body.")
}
