import Cameras
import Linux
import SharedFrame
import Web

/// Which picture a snapshot may be, from a request's query.
struct SnapshotRequest {
    /// How long a snapshot waits for a fresh frame.
    static let waitingTime: Duration = .seconds(5)
    /// How long it waits for a frame newer than one that the client has.
    static let waitingTimeForNext: Duration = .seconds(10)

    static let parameters: Set<String> = ["action", "after", "max_age", "offline", "width"]

    /// The client has this frame and wants a newer one.
    let after: UInt64?
    /// The maximum age.
    let maximumAge: Duration?
    /// Whether the last frame is wanted, however old, if there is no fresh one.
    let takesOldPicture: Bool
    let width: PictureWidth
    /// Quoted names of frames that the client has (RFC 9110, section 13.1.2).
    let ifNoneMatch: String?
    /// When it was asked for, and when it is given up.
    let began: Instant
    let deadline: Instant

    init(_ query: Query, ifNoneMatch: String?, now: Instant) throws(HTTPError) {
        after = try query.integer("after", in: 0...UInt64(1) << 53)
        maximumAge = try query.integer("max_age", in: 0...3_600_000).map { .milliseconds(Int64($0)) }
        takesOldPicture = try query.choice("offline", of: ["picture"]) != nil
        width = try PictureWidth(query)
        self.ifNoneMatch = ifNoneMatch
        began = now
        deadline = now + (after == nil ? Self.waitingTime : Self.waitingTimeForNext)
    }

    /// Whether the newest frame will do: never one of a camera that the status calls offline, however new.
    func isSatisfied(by status: RingStatus, now: Instant) -> Bool {
        guard let newest = status.newest, Outage.isHealthy(status, now: now), Outage.hasFreshFrame(status, now: now)
        else { return false }
        if let after, newest.number <= after { return false }
        guard let maximumAge else { return true }
        // A frame taken since the request is fresh enough for everyone.
        let capture = Instant(nanoseconds: newest.capture.monotonic)
        return capture >= began || capture.age(at: now) <= maximumAge
    }

    /// Whether the client has frame `number` already.
    func isKnown(_ number: UInt64) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch == "*" || ifNoneMatch.contains("\"\(number)\"")
    }
}
