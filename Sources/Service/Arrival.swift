import FastCGI
import Linux
import Web

/// The state of a request that is still arriving.
final class Arrival {
    static let tooSlow = HTTPError(408, "timeout", "The request body arrived too slowly; try again.")

    var assembler = RequestAssembler()
    /// The callback for the complete body; nil until the application asks for the body.
    var takeBody: (([UInt8]) throws(HTTPError) -> Void)?
    /// The time by which the whole body must have arrived.
    var bodyDeadline = Instant.distantFuture
    /// The error for a body that is too long.
    var tooLong = HTTPError(413, "too_large", "This address does not accept a request body.")
}
