import Cameras
import Linux
import SharedFrame
import Web

/// The properties of the frame that a request for a snapshot asks for.
struct SnapshotRequest {
    /// How long a request waits for a fresh frame.
    static let timeout: Duration = .seconds(5)
    /// How long a request with `after` waits for a newer frame.
    static let timeoutForNext: Duration = .seconds(10)

    /// What the response consists of.
    enum Content {
        case picture
        /// The detection results of the frame, as JSON.
        case objects
    }

    static let parameters: Set<String> = ["action", "after", "max_age", "offline", "width"]

    /// The number that the frame's number must exceed (the parameter `after`); nil if any number is acceptable.
    let after: UInt64?
    /// The maximum age of the frame; nil if every fresh frame (``Outage/hasFreshFrame(_:now:)``) is new enough.
    let maximumAge: Duration?
    /// Whether the client accepts the last frame, of any age, if the camera is offline.
    let acceptsOldPicture: Bool
    let width: PictureWidth
    let content: Content
    /// The header `If-None-Match`: the entity tags of frames that the client already has (RFC 9110, section 13.1.2).
    let ifNoneMatch: String?
    /// When the request arrived.
    let began: Instant
    /// When the request times out.
    let deadline: Instant

    init(
        _ query: Query, ifNoneMatch: String?, now: Instant, content: Content = .picture
    ) throws(HTTPError) {
        self.content = content
        after = try query.integer("after", in: 0...UInt64(1) << 53)
        maximumAge = try query.integer("max_age", in: 0...3_600_000).map { .milliseconds(Int64($0)) }
        acceptsOldPicture = try query.choice("offline", of: ["picture"]) != nil
        width = try PictureWidth(query)
        self.ifNoneMatch = ifNoneMatch
        began = now
        deadline = now + (after == nil ? Self.timeout : Self.timeoutForNext)
    }

    /// Returns whether the newest frame satisfies the request.
    ///
    /// While the camera is offline, no frame satisfies the request.
    func isSatisfied(by status: RingStatus, now: Instant) -> Bool {
        guard let newest = status.newest, Outage.isHealthy(status, now: now), Outage.hasFreshFrame(status, now: now)
        else { return false }
        if let after, newest.number <= after { return false }
        guard let maximumAge else { return true }
        // A frame that was captured after the request arrived is always new enough.
        let capture = Instant(nanoseconds: newest.capture.monotonic)
        return capture >= began || capture.age(at: now) <= maximumAge
    }

    /// Returns whether the client already has the frame with this number.
    func isKnown(_ number: UInt64) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch == "*" || ifNoneMatch.contains("\"\(number)\"")
    }
}
