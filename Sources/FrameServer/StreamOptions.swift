import MotionJPEG

/// How a viewer wants its stream.
struct StreamOptions {
    let framing: Framing
    /// The least time from picture to picture in nanoseconds; 0: as they come.
    let interval: UInt64

    /// Takes `fps`, 0.1 to 120 pictures a second, and `advance_headers` from the query.
    ///
    /// Without the latter a browser that shows the stream by itself, as its `Accept` tells, gets headers in advance.
    init(_ query: Query, accept: String?) throws(Query.Refusal) {
        let rate = try query.number("fps", in: 0.1...120)
        interval = rate.map { UInt64(1e9 / $0) } ?? 0
        switch try query.choice("advance_headers", of: ["0", "1"]) {
        case "1": framing = .advance
        case nil where Self.isBrowser(accept): framing = .advance
        default: framing = .standard
        }
    }

    /// What a stream's header says.
    static var response: Response {
        Response(
            status: 200,
            headers: [
                ("Content-Type", Multipart.contentType), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no"),
            ])
    }

    private static func isBrowser(_ accept: String?) -> Bool {
        guard let accept = accept?.lowercased() else { return false }
        return accept.hasPrefix("image/") || accept.hasPrefix("text/html")
    }
}
