public import Linux

/// Divides a detector's time between cameras.
///
/// A look is one run of the detector on a camera's newest picture. If that picture is worth a look, call
/// ``want(_:isBusy:at:)`` for the camera; otherwise, call ``rest(_:)``. A free thread gets a camera from ``next(at:)``,
/// looks at this camera's newest picture, and calls ``finish(_:cost:at:)``. If all looks together would take more than
/// the allowed share of the threads' time, the rates of all cameras are reduced by the same factor.
public struct LookScheduler: Sendable {
    /// The rate of looks that a camera may have, and the rate that it had in the last seconds.
    public struct Report: Equatable, Sendable {
        /// The maximum rate, in looks per second.
        public var asked: Double
        /// The mean rate in the last 5 seconds, in looks per second.
        public var achieved: Double
        /// The number of looks that were due but were skipped, since the camera was added.
        public var skipped: Int
    }

    /// The maximum interval between looks at a camera with motion, in seconds, however high the load is.
    private static let longestBusyInterval = 1.0
    /// The assumed cost of a look until it has been measured, in seconds.
    ///
    /// This is the cost of a look at the whole picture on one core.
    private static let firstCost = 0.01
    /// The weight of a new measurement in the average cost.
    private static let costShare = 0.1
    /// The time over which the achieved rate is measured, in seconds.
    private static let window = 5.0
    /// If a recheck (a look at a camera without motion) is late by more than this many intervals, it is as urgent as a
    /// look at a camera with motion.
    ///
    /// Without this limit, rechecks might never run.
    private static let starvation = 5.0

    private struct Entry: Sendable {
        var asked: Double
        /// When the next look is due at the reduced rate.
        var dueAt: Instant
        var cost = LookScheduler.firstCost
        var isResting = true
        var isWanting = false
        var isBusy = false
        var isRunning = false
        /// When the looks of the last seconds ended.
        var finished: [Instant] = []
        var skipped = 0

        func achieved(at time: Instant) -> Double {
            Double(finished.count { (time - $0).inSeconds < LookScheduler.window }) / LookScheduler.window
        }

        func interval(_ factor: Double) -> Double {
            let shrunk = 1 / (asked * factor)
            return isBusy ? min(shrunk, max(LookScheduler.longestBusyInterval, 1 / asked)) : shrunk
        }
    }

    /// The processor time per second that looks may use, in seconds.
    private let capacity: Double
    private let earliness: Double
    private var entries: [String: Entry] = [:]
    /// The cameras in the order in which they were added; if two cameras are equally overdue, the first is next.
    private var order: [String] = []

    /// - Parameters:
    ///   - threads: The number of looks that can run at the same time; at least 1.
    ///   - load: The share of the threads' time that may be used, above 0 and up to 1.
    ///   - earliness: How early a look may begin, as a share of its interval. Frames arrive a little early or late, so
    ///     a look may begin before it is due. On average, no camera exceeds its rate.
    public init(threads: Int, load: Double = 0.8, earliness: Double = 0.02) {
        self.earliness = earliness
        capacity = Double(max(1, threads)) * min(max(load, 0.01), 1)
    }

    /// Returns the factor by which all rates are currently reduced, above 0 and up to 1.
    public func factor(at time: Instant) -> Double {
        var busy = 0.0
        var others = 0.0
        for camera in order {
            guard let entry = entries[camera] else { continue }
            // A camera without motion uses only a little of its allowed rate, so its achieved rate counts instead.
            if entry.isBusy {
                busy += entry.asked * entry.cost
            } else {
                others += entry.achieved(at: time) * entry.cost
            }
        }
        // Rechecks (looks at cameras without motion) count as at most half of the capacity, even if they use more.
        let left = max(capacity - others, capacity / 2)
        return busy > left ? left / busy : 1
    }

    /// Sets how many looks per second a camera may have; 0 removes the camera.
    public mutating func setRate(_ rate: Double, of camera: String, at time: Instant) {
        guard rate > 0, rate.isFinite else {
            entries[camera] = nil
            order.removeAll { $0 == camera }
            return
        }
        guard let entry = entries[camera] else {
            entries[camera] = Entry(asked: rate, dueAt: time)
            order.append(camera)
            return
        }
        entries[camera]?.asked = rate
        // If the rate is higher than before, do not wait for the end of the old interval.
        entries[camera]?.dueAt = min(entry.dueAt, time + Duration(inSeconds: 1 / rate))
    }

    /// Records that the newest picture of a camera is worth a look.
    ///
    /// - Parameters:
    ///   - camera: The name of the camera. If no rate was set for it, the call has no effect.
    ///   - isBusy: Whether something moves in the picture. If so, the camera takes precedence over cameras that only
    ///     need a recheck.
    ///   - time: The current time.
    public mutating func want(_ camera: String, isBusy: Bool, at time: Instant) {
        guard var entry = entries[camera] else { return }
        // A look does not become overdue while no look is wanted.
        if entry.isResting { entry.dueAt = max(entry.dueAt, time) }
        entry.isResting = false
        entry.isWanting = true
        entry.isBusy = isBusy
        entries[camera] = entry
    }

    /// Records that the newest picture of a camera is not worth a look.
    public mutating func rest(_ camera: String) {
        entries[camera]?.isResting = true
        entries[camera]?.isWanting = false
        entries[camera]?.isBusy = false
    }

    /// Returns the camera whose look is most overdue; nil if none is due.
    ///
    /// The look counts as running until ``finish(_:cost:at:)`` is called.
    public mutating func next(at time: Instant) -> String? {
        let factor = factor(at: time)
        var best: (camera: String, isUrgent: Bool, overdue: Double)?
        for camera in order {
            guard let entry = entries[camera], entry.isWanting, !entry.isRunning else { continue }
            let overdue = (time - entry.dueAt).inSeconds / entry.interval(factor)
            guard overdue >= -earliness else { continue }
            let isUrgent = entry.isBusy || overdue > Self.starvation
            if let best, best.isUrgent && !isUrgent { continue }
            if let best, best.isUrgent == isUrgent, best.overdue >= overdue { continue }
            best = (camera, isUrgent, overdue)
        }
        guard let best, var entry = entries[best.camera] else { return nil }
        entry.isRunning = true
        entry.isWanting = false
        // If the look is late by more than an interval, the missed looks are skipped.
        let missed = Int(max(0, best.overdue))
        entry.skipped += missed
        entry.dueAt = (missed > 0 ? time : entry.dueAt) + Duration(inSeconds: entry.interval(factor))
        entries[best.camera] = entry
        return best.camera
    }

    /// Returns whether a camera wants a look and may have it now, if a thread is free.
    public func isDue(_ camera: String, at time: Instant) -> Bool {
        guard let entry = entries[camera], entry.isWanting, !entry.isRunning else { return false }
        return (time - entry.dueAt).inSeconds / entry.interval(factor(at: time)) >= -earliness
    }

    /// Returns the earliest time at which the next look may begin; nil if no camera wants a look.
    public func nextDue(at time: Instant) -> Instant? {
        let factor = factor(at: time)
        var first: Instant?
        for camera in order {
            guard let entry = entries[camera], entry.isWanting, !entry.isRunning else { continue }
            let begin = entry.dueAt - Duration(inSeconds: earliness * entry.interval(factor))
            first = min(first ?? begin, begin)
        }
        return first
    }

    /// Records that a look has ended.
    ///
    /// - Parameters:
    ///   - camera: The camera.
    ///   - cost: The processor time that the look took.
    ///   - time: The current time.
    public mutating func finish(_ camera: String, cost: Duration, at time: Instant) {
        guard var entry = entries[camera], entry.isRunning else { return }
        entry.isRunning = false
        let seconds = max(0, cost.inSeconds)
        entry.cost = entry.finished.isEmpty ? seconds : entry.cost + Self.costShare * (seconds - entry.cost)
        entry.finished.removeAll { (time - $0).inSeconds >= Self.window }
        entry.finished.append(time)
        entries[camera] = entry
    }

    /// Returns the allowed and the achieved rate of a camera; nil if the camera has no rate.
    public func report(on camera: String, at time: Instant) -> Report? {
        entries[camera].map { Report(asked: $0.asked, achieved: $0.achieved(at: time), skipped: $0.skipped) }
    }
}
