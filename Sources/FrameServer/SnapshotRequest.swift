import Cameras
import Linux
import SharedFrame
import Web

/// The frame a snapshot request asks for.
struct SnapshotRequest {
    /// How long a request waits for a fresh frame.
    static let timeout: Duration = .seconds(5)
    /// How long a request with `after` waits for a newer frame.
    static let timeoutForNext: Duration = .seconds(10)

    static let parameters: Set<String> = ["action", "after", "max_age", "offline", "width"]

    /// The number of the frame the client already has; it wants a newer one.
    let after: UInt64?
    /// The maximum age.
    let maximumAge: Duration?
    /// Whether the last frame is acceptable, however old, if the camera is offline.
    let acceptsOldPicture: Bool
    let width: PictureWidth
    /// The entity tags of frames the client has (RFC 9110, section 13.1.2).
    let ifNoneMatch: String?
    /// When the request arrived, and when it times out.
    let began: Instant
    let deadline: Instant

    init(_ query: Query, ifNoneMatch: String?, now: Instant) throws(HTTPError) {
        after = try query.integer("after", in: 0...UInt64(1) << 53)
        maximumAge = try query.integer("max_age", in: 0...3_600_000).map { .milliseconds(Int64($0)) }
        acceptsOldPicture = try query.choice("offline", of: ["picture"]) != nil
        width = try PictureWidth(query)
        self.ifNoneMatch = ifNoneMatch
        began = now
        deadline = now + (after == nil ? Self.timeout : Self.timeoutForNext)
    }

    /// Whether the newest frame satisfies the request; never if the camera is offline, however new the frame is.
    func isSatisfied(by status: RingStatus, now: Instant) -> Bool {
        guard let newest = status.newest, Outage.isHealthy(status, now: now), Outage.hasFreshFrame(status, now: now)
        else { return false }
        if let after, newest.number <= after { return false }
        guard let maximumAge else { return true }
        // A frame captured after the request is always fresh enough.
        let capture = Instant(nanoseconds: newest.capture.monotonic)
        return capture >= began || capture.age(at: now) <= maximumAge
    }

    /// Whether the client already has frame `number`.
    func isKnown(_ number: UInt64) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch == "*" || ifNoneMatch.contains("\"\(number)\"")
    }
}
