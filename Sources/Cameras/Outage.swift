public import Linux
public import SharedFrame

/// Why a camera has no current frame.
public struct Outage: Equatable, Sendable {
    /// The camera's state as the status document names it, such as `no_signal`.
    public let state: String
    /// The reason, in one sentence for users.
    public let message: String
    /// Whether the outage continues even if frames are requested.
    ///
    /// A relay connects when frames are requested, so its outages are not final.
    public let isFinal: Bool

    /// How long a camera may be gone before it counts as offline.
    ///
    /// Most restarts of the camera's program take less time.
    public static let gracePeriod: Duration = .milliseconds(700)

    /// The outage of a camera that is live but has no recent frame.
    public static let silent = Outage(
        state: CameraState.stalled.name, message: "the camera sends no pictures", isFinal: false)

    /// Returns the camera's outage, or nil while frames arrive or nobody has requested any.
    ///
    /// - Parameters:
    ///   - status: The ring's status, or nil if there is no ring.
    ///   - refusal: The reason why the ring cannot be read although it exists; nil if there is no such problem.
    ///   - kind: The ring's kind.
    ///   - now: The current time.
    /// - Returns: The outage, or nil.
    public static func current(_ status: RingStatus?, refusal: String?, kind: RingName.Kind, now: Instant) -> Outage? {
        guard let status else {
            // A request cannot make a ring readable.
            if let refusal { return Outage(state: CameraState.error.name, message: refusal, isFinal: true) }
            return Outage(
                state: CameraState.stopped.name, message: kind.missingWriter, isFinal: !kind.respondsToDemand)
        }
        switch status.state {
        case .idle: return nil
        case .live: return hasFreshFrame(status, now: now) ? nil : silent
        case .waiting, .noSignal, .stalled, .stopped, .error:
            let reason = status.reason.isEmpty ? "the camera is \(status.state.name)" : status.reason
            return Outage(state: status.state.name, message: reason, isFinal: !kind.respondsToDemand)
        }
    }

    /// Returns the outage if it is final, which means that waiting for a frame is pointless; otherwise returns nil.
    ///
    /// While the newest frame is younger than ``gracePeriod``, the result is nil too, because the ring's writer may be
    /// restarting.
    public static func final(_ status: RingStatus?, refusal: String?, kind: RingName.Kind, now: Instant) -> Outage? {
        guard let outage = current(status, refusal: refusal, kind: kind, now: now), outage.isFinal else { return nil }
        if let newest = status?.newest, Instant(nanoseconds: newest.published).age(at: now) < gracePeriod { return nil }
        return outage
    }
}

// MARK: Freshness and health

extension Outage {
    /// Returns how long a frame counts as fresh after it was published.
    ///
    /// This is two seconds, or three frame intervals if these are longer than two seconds, but at most one hour.
    static func freshness(_ status: RingStatus) -> Duration {
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured].filter { $0.isFinite && $0 > 0 }
        guard let rate = rates.min() else { return .seconds(2) }
        return Duration(inSeconds: max(2, min(3 / rate, 3600)))
    }

    /// Returns whether the newest frame is recent enough to count as current.
    public static func hasFreshFrame(_ status: RingStatus, now: Instant) -> Bool {
        guard let newest = status.newest else { return false }
        return Instant(nanoseconds: newest.published).age(at: now) < freshness(status)
    }

    /// Returns whether the camera is healthy: live with a fresh frame, or idle because nobody is watching.
    public static func isHealthy(_ status: RingStatus?, now: Instant) -> Bool {
        guard let status else { return false }
        return status.state == .idle || (status.state == .live && hasFreshFrame(status, now: now))
    }
}
