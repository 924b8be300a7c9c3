public import Linux

/// Divides a detector's time between cameras.
///
/// A camera whose newest picture is worth a look says so with ``want(_:isBusy:at:)``, else ``rest(_:)``. A free thread
/// takes ``next(at:)``, looks at the newest picture of that camera, and calls ``finish(_:cost:at:)``. If all together
/// would take more than the allowed share of the threads, all rates shrink by the same factor.
public struct LookScheduler: Sendable {
    /// What a camera may have, and what it got in the last seconds.
    public struct Report: Equatable, Sendable {
        /// Looks per second.
        public var asked: Double
        public var achieved: Double
        /// Looks that were due and never made, since the beginning.
        public var skipped: Int
    }

    /// Moving things are looked at no later than this, in seconds, whatever the load.
    private static let longestBusyInterval = 1.0
    /// The cost of a look until it has been measured, in seconds: the whole picture on one core.
    private static let firstCost = 0.01
    /// How much a new measurement of the cost counts.
    private static let costShare = 0.1
    /// The achieved rate is measured over this time, in seconds.
    private static let window = 5.0
    /// Frames arrive a little early or late: a look may begin this share of an interval early.
    private static let earliness = 0.02
    /// A recheck that has waited for this many intervals comes before moving things, or it might never come.
    private static let starvation = 5.0

    private struct Entry: Sendable {
        var asked: Double
        /// When the next look is due at the shrunk rate.
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

    /// The looks' processor time, per second, that may be used.
    private let capacity: Double
    private var entries: [String: Entry] = [:]
    /// The order in which cameras were added decides between equals.
    private var order: [String] = []

    /// - Parameters:
    ///   - threads: How many looks run at the same time; at least 1.
    ///   - load: The share of the threads that may be used, above 0 to 1.
    public init(threads: Int, load: Double = 0.8) {
        capacity = Double(max(1, threads)) * min(max(load, 0.01), 1)
    }

    /// Returns by how much all rates are shrunk now, above 0 to 1.
    public func factor(at time: Instant) -> Double {
        var busy = 0.0
        var others = 0.0
        for camera in order {
            guard let entry = entries[camera] else { continue }
            // A camera in which nothing moves uses little of the rate that it may have.
            if entry.isBusy {
                busy += entry.asked * entry.cost
            } else {
                others += entry.achieved(at: time) * entry.cost
            }
        }
        // Rechecks take at most half of the time.
        let left = max(capacity - others, capacity / 2)
        return busy > left ? left / busy : 1
    }

    /// Sets how many looks per second a camera may have; 0 removes it.
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
        // A camera that may have more must not wait for its old interval.
        entries[camera]?.dueAt = min(entry.dueAt, time + Duration(inSeconds: 1 / rate))
    }

    /// Says that the newest picture of a camera is worth a look.
    ///
    /// - Parameters:
    ///   - camera: Which one; without a rate it is ignored.
    ///   - isBusy: Whether something moves there: then it comes before a mere recheck.
    ///   - time: Now.
    public mutating func want(_ camera: String, isBusy: Bool, at time: Instant) {
        guard var entry = entries[camera] else { return }
        // What was not wanted is not overdue.
        if entry.isResting { entry.dueAt = max(entry.dueAt, time) }
        entry.isResting = false
        entry.isWanting = true
        entry.isBusy = isBusy
        entries[camera] = entry
    }

    /// Says that the newest picture of a camera is not worth a look.
    public mutating func rest(_ camera: String) {
        entries[camera]?.isResting = true
        entries[camera]?.isWanting = false
        entries[camera]?.isBusy = false
    }

    /// Returns the camera whose look is most overdue, or nil if none is due; it counts as running until it is finished.
    public mutating func next(at time: Instant) -> String? {
        let factor = factor(at: time)
        var best: (camera: String, isUrgent: Bool, overdue: Double)?
        for camera in order {
            guard let entry = entries[camera], entry.isWanting, !entry.isRunning else { continue }
            let overdue = (time - entry.dueAt).inSeconds / entry.interval(factor)
            guard overdue >= -Self.earliness else { continue }
            let isUrgent = entry.isBusy || overdue > Self.starvation
            if let best, best.isUrgent && !isUrgent { continue }
            if let best, best.isUrgent == isUrgent, best.overdue >= overdue { continue }
            best = (camera, isUrgent, overdue)
        }
        guard let best, var entry = entries[best.camera] else { return nil }
        entry.isRunning = true
        entry.isWanting = false
        // A camera that is late by more than an interval does not catch up.
        let missed = Int(max(0, best.overdue))
        entry.skipped += missed
        entry.dueAt = (missed > 0 ? time : entry.dueAt) + Duration(inSeconds: entry.interval(factor))
        entries[best.camera] = entry
        return best.camera
    }

    /// Returns when the next look is due, or nil if no camera wants one.
    public func nextDue() -> Instant? {
        var first: Instant?
        for camera in order {
            guard let entry = entries[camera], entry.isWanting, !entry.isRunning else { continue }
            first = min(first ?? entry.dueAt, entry.dueAt)
        }
        return first
    }

    /// Notes that a look has ended.
    ///
    /// - Parameters:
    ///   - camera: Which one.
    ///   - cost: The processor time that it took.
    ///   - time: Now.
    public mutating func finish(_ camera: String, cost: Duration, at time: Instant) {
        guard var entry = entries[camera], entry.isRunning else { return }
        entry.isRunning = false
        let seconds = max(0, cost.inSeconds)
        entry.cost = entry.finished.isEmpty ? seconds : entry.cost + Self.costShare * (seconds - entry.cost)
        entry.finished.removeAll { (time - $0).inSeconds >= Self.window }
        entry.finished.append(time)
        entries[camera] = entry
    }

    /// Returns what a camera may have and got, or nil if it has no rate.
    public func report(on camera: String, at time: Instant) -> Report? {
        entries[camera].map { Report(asked: $0.asked, achieved: $0.achieved(at: time), skipped: $0.skipped) }
    }
}
