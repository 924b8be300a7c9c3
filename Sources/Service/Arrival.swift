import FastCGI
import Web

/// A request while it arrives on a connection.
final class Arrival {
    var assembler = RequestAssembler()
    var takeBody: (([UInt8]) throws(HTTPError) -> Void)?
    /// What a longer body is refused with.
    var tooLong = HTTPError(413, "too_large", "This address takes no body.")
}
