public import Linux
public import SharedFrame

/// Why a camera shows nothing new.
public struct Outage: Equatable, Sendable {
    /// A state as in the status document, such as `no_signal`.
    public let state: String
    /// One sentence for a person.
    public let message: String
    /// Whether asking for frames cannot end it.
    public let isFinal: Bool

    /// How long a camera may be away before it counts as offline: most restarts are shorter.
    public static let gracePeriod: Duration = .milliseconds(700)

    /// No frame comes, and nobody knows why.
    public static let silent = Outage(
        state: CameraState.stalled.name, message: "the camera sends no pictures", isFinal: false)

    /// What is wrong, by a ring's status (nil: there is no ring) and the reason why its object is not read.
    ///
    /// Returns nil while frames come, and while nobody has asked for any.
    public static func current(_ status: RingStatus?, refusal: String?, kind: RingName.Kind, now: Instant) -> Outage? {
        guard let status else {
            return Outage(
                state: CameraState.stopped.name, message: refusal ?? kind.missingWriter,
                isFinal: !kind.respondsToDemand)
        }
        switch status.state {
        case .idle: return nil
        case .live: return hasFreshFrame(status, now: now) ? nil : silent
        case .waiting, .noSignal, .stalled, .stopped, .error:
            let reason = status.reason.isEmpty ? "the camera is \(status.state.name)" : status.reason
            return Outage(state: status.state.name, message: reason, isFinal: !kind.respondsToDemand)
        }
    }

    /// What is wrong if waiting is pointless; a writer that has just ended has its grace period first.
    public static func final(_ status: RingStatus?, refusal: String?, kind: RingName.Kind, now: Instant) -> Outage? {
        guard let outage = current(status, refusal: refusal, kind: kind, now: now), outage.isFinal else { return nil }
        if let newest = status?.newest, Instant(nanoseconds: newest.published).age(at: now) < gracePeriod { return nil }
        return outage
    }
}

// MARK: Freshness and health

extension Outage {
    /// How long the newest frame counts as fresh: two seconds, or three frame intervals of a slower camera.
    static func freshness(_ status: RingStatus) -> Duration {
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured].filter { $0.isFinite && $0 > 0 }
        guard let rate = rates.min() else { return .seconds(2) }
        return Duration(inSeconds: max(2, min(3 / rate, 3600)))
    }

    /// Whether the newest frame is recent enough to be called the camera's current one.
    public static func hasFreshFrame(_ status: RingStatus, now: Instant) -> Bool {
        guard let newest = status.newest else { return false }
        return Instant(nanoseconds: newest.published).age(at: now) < freshness(status)
    }

    /// Whether the camera counts as healthy: live with a fresh frame, or idle because nobody asked.
    public static func isHealthy(_ status: RingStatus?, now: Instant) -> Bool {
        guard let status else { return false }
        return status.state == .idle || (status.state == .live && hasFreshFrame(status, now: now))
    }
}
