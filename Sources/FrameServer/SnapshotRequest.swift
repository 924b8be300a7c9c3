import SharedFrame

/// Which picture a snapshot may be.
struct SnapshotRequest {
    /// How long a snapshot waits for a fresh frame.
    static let waitingTime: UInt64 = 5_000_000_000
    /// How long it waits for a frame newer than one that the client has.
    static let waitingTimeForNext: UInt64 = 10_000_000_000

    /// The client has this frame and wants a newer one.
    let after: UInt64?
    /// The greatest age in nanoseconds.
    let maximumAge: UInt64?
    /// Whether the last frame is wanted, however old, when there is no fresh one.
    let takesOldPicture: Bool
    let isHeadOnly: Bool
    /// Quoted names of frames that the client has (RFC 9110, section 13.1.2).
    let ifNoneMatch: String?
    /// When it was asked for, and when it is given up (monotonic ns).
    let began: UInt64
    let deadline: UInt64

    init(_ query: Query, ifNoneMatch: String?, isHeadOnly: Bool, now: UInt64) throws(Query.Refusal) {
        after = try query.integer("after", in: 0...UInt64(1) << 53)
        maximumAge = try query.integer("max_age", in: 0...3_600_000).map { $0 * 1_000_000 }
        takesOldPicture = try query.choice("offline", of: ["picture"]) != nil
        self.isHeadOnly = isHeadOnly
        self.ifNoneMatch = ifNoneMatch
        began = now
        deadline = now + (after == nil ? Self.waitingTime : Self.waitingTimeForNext)
    }

    /// Whether the newest frame will do: never one of a camera that the status calls offline, however new.
    func isSatisfied(by status: RingStatus, now: UInt64) -> Bool {
        guard let newest = status.newest, Outage.isHealthy(status, now: now), Outage.hasFreshFrame(status, now: now)
        else { return false }
        if let after, newest.number <= after { return false }
        guard let maximumAge else { return true }
        // A frame taken since the request is fresh enough for everyone.
        return newest.capture.monotonic >= began || newest.capture.monotonic + maximumAge >= now
    }

    /// Whether the client has frame `number` already.
    func isKnown(_ number: UInt64) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch == "*" || ifNoneMatch.contains("\"\(number)\"")
    }
}
