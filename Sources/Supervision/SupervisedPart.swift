import Glibc
import Linux
import SystemPackage

/// A part and its process.
final class SupervisedPart {
    enum State {
        case running(Int32, since: Instant)
        case waiting(until: Instant)
    }

    /// Why a part has exited or could not be started.
    enum Report {
        /// The part has exited; the report contains the last line of its output, unless that line is not the cause.
        case exited(ProcessEnding, lastLine: String?)
        case notStarted(SystemError)

        /// What has happened; this completes a sentence that begins with the part's name.
        var text: String {
            switch self {
            case .exited(let ending, let line): "exited (\(ending))\(line.map { ": \($0)" } ?? "")"
            case .notStarted(let error): "could not be started: \(error)"
            }
        }

        /// What the supervisor does next.
        var nextStep: String {
            switch self {
            case .exited: "restarting"
            case .notStarted: "trying again"
            }
        }
    }

    let part: Part
    var log: PartLog
    var state = State.waiting(until: .distantPast)
    var delay = RestartDelay()
    /// How the part's latest processes ended, in order.
    ///
    /// The list is emptied after a process has run for at least ``RestartDelay/recovery``.
    var endings: [ProcessEnding] = []
    private let socket: WorkerSocket?
    private var reports = ReportLimit()

    init(_ part: Part, oriel: FilePath) {
        self.part = part
        log = PartLog(part.log)
        socket = part.socket.map { WorkerSocket($0, oriel: oriel) }
    }

    /// Starts the program; returns the process ID.
    func start() throws(SystemError) -> Int32 {
        let output = try log.open()
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        let input = try socket.map { (socket) throws(SystemError) in try socket.open(log: output.number) }
        let process = try ChildProcesses.start(
            part.command,
            streams: .init(input: input ?? null.number, output: output.number, error: output.number),
            deathSignal: SIGTERM)
        state = .running(process, since: .now)
        return process
    }

    /// Schedules a restart; returns the message to log, or nil if the message is suppressed.
    func scheduleRestart(_ report: Report, ranFor duration: Duration, now: Instant) -> String? {
        let wait = delay.next(after: duration)
        if delay.failures == 1 { endings = [] }
        state = .waiting(until: now + wait)
        if wait >= .seconds(1) { socket?.close() }
        guard reports.shouldReport(report.text, now: now) else { return nil }
        let again = wait > RestartDelay.minimum ? " in \(Double(wait.millisecondsRoundedUp) / 1000) s" : ""
        return "\(part.name) \(report.text); \(report.nextStep)\(again)."
    }

    /// Resets the restart delay when the part has run for ``RestartDelay/recovery``; called repeatedly.
    ///
    /// Returns a message to log if the part has recovered and earlier messages were suppressed; otherwise returns nil.
    func noteRunning(now: Instant) -> String? {
        guard case .running(_, let since) = state, delay.failures > 0, now - since >= RestartDelay.recovery else {
            return nil
        }
        delay.reset()
        return reports.reset() ? "\(part.name) is running again." : nil
    }
}

/// Limits repeated log messages.
///
/// A message is logged again only if it differs from the previous one, or after ten minutes.
struct ReportLimit {
    static let interval = Duration.seconds(600)

    private var last: (text: String, moment: Instant)?
    private var suppressed = 0

    /// Returns whether to log a message.
    ///
    /// Digits are ignored in the comparison with the previous message, because times and process IDs always differ.
    mutating func shouldReport(_ text: String, now: Instant) -> Bool {
        let plain = text.filter { !$0.isNumber }
        if let last, last.text == plain, now - last.moment < Self.interval {
            suppressed += 1
            return false
        }
        last = (plain, now)
        return true
    }

    /// Resets the limit; returns whether messages have been suppressed since the last reset.
    mutating func reset() -> Bool {
        let had = suppressed > 0
        last = nil
        suppressed = 0
        return had
    }
}
