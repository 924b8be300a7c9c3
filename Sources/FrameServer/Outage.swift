import Linux
public import SharedFrame

/// Why a camera shows nothing new.
public struct Outage: Equatable, Sendable {
    /// A state as in the status document, such as `no_signal`.
    public let state: String
    /// One sentence for a person.
    public let message: String
    /// Whether nothing but the camera's owner can end it: asking for pictures will not.
    public let isFinal: Bool

    /// How long the newest frame counts as fresh: two seconds, or three frame intervals of a slower camera.
    static func freshness(_ status: RingStatus) -> UInt64 {
        let rates = [status.framesPerSecondAsked, status.framesPerSecondMeasured].filter { $0.isFinite && $0 > 0 }
        guard let rate = rates.min() else { return 2_000_000_000 }
        return UInt64(max(2, min(3 / rate, 3600)) * 1e9)
    }

    /// Whether the newest frame came lately enough to be called the camera's picture of now.
    public static func hasFreshFrame(_ status: RingStatus, now: UInt64) -> Bool {
        guard let newest = status.newest else { return false }
        return now < newest.published || now - newest.published < freshness(status)
    }

    /// What is wrong, or nil while pictures come or nobody has asked for any.
    public static func current(_ status: RingStatus?, refusal: String?, kind: RingName.Kind, now: UInt64) -> Outage? {
        guard let status else {
            return Outage(
                state: CameraState.stopped.name, message: refusal ?? kind.missingWriter,
                isFinal: !kind.respondsToDemand)
        }
        switch status.state {
        case .idle: return nil
        case .live:
            if hasFreshFrame(status, now: now) { return nil }
            return silent
        case .waiting, .noSignal, .stalled, .stopped, .error:
            let reason = status.reason.isEmpty ? "the camera is \(status.state.name)" : status.reason
            return Outage(state: status.state.name, message: reason, isFinal: !kind.respondsToDemand)
        }
    }

    /// What is wrong when no picture comes and nobody knows why.
    public static let silent = Outage(
        state: CameraState.stalled.name, message: "the camera sends no pictures", isFinal: false)
}

extension Outage {
    /// Whether the camera counts as healthy: live with a fresh frame, or idle because nobody asked.
    static func isHealthy(_ status: RingStatus?, now: UInt64) -> Bool {
        guard let status else { return false }
        return status.state == .idle || (status.state == .live && hasFreshFrame(status, now: now))
    }
}
