import MotionJPEG
import Web

/// The options of a stream.
struct StreamOptions {
    let rendition: Rendition
    /// The minimum interval between pictures; zero if there is no limit.
    let interval: Duration
    /// Whether only the frames at which the detector looked are sent.
    let isExactOnly: Bool

    static let parameters: Set<String> = ["action", "fps", "advance_headers", "width"]

    var feedKey: FeedKey { FeedKey(width: rendition.width, isExactOnly: isExactOnly) }

    /// Reads `fps` (from 0.1 to 120), `width`, `look` and `advance_headers` from the query.
    ///
    /// If `advance_headers` is missing, the `Accept` header decides: browsers get the part headers in advance, and
    /// other clients do not.
    ///
    /// `look` is read only if `hasResults` is true, that is, for a stream with detection results.
    init(_ query: Query, accept: String?, hasResults: Bool = false) throws(HTTPError) {
        let rate = try query.number("fps", in: 0.1...120)
        interval = rate.map { .nanoseconds(Int64(1e9 / $0)) } ?? .zero
        let width = try PictureWidth(query)
        isExactOnly = hasResults ? try query.choice("look", of: ["exact"]) != nil : false
        switch try query.choice("advance_headers", of: ["0", "1"]) {
        case "1": rendition = Rendition(width: width, framing: .advance)
        case nil where Self.isBrowser(accept): rendition = Rendition(width: width, framing: .advance)
        default: rendition = Rendition(width: width, framing: .standard)
        }
    }

    /// The status and the header fields of the response.
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
