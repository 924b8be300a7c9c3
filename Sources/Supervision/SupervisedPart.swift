import Glibc
import Linux
import SystemPackage

/// A part of the system with its process.
final class SupervisedPart {
    enum State {
        case running(Int32, since: Instant)
        case waiting(until: Instant)
    }

    /// What has happened to a part, for the log.
    struct Report {
        let cause: String
        /// The last line of its output, or of the error that kept it from starting.
        let lastLine: String?
    }

    let part: Part
    var log: PartLog
    var state = State.waiting(until: .distantPast)
    var delay = RestartDelay()
    /// How its runs have ended since it last ran long enough.
    var endings: [ProcessEnding] = []
    private let socket: WorkerSocket?
    private var reports = ReportLimit()

    init(_ part: Part, oriel: FilePath) {
        self.part = part
        log = PartLog(part.log)
        socket = part.socket.map { WorkerSocket($0, oriel: oriel) }
    }

    /// Starts the program; returns its process.
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

    /// Decides when the part is started again, and whether the log says so: returns the sentence, or nil.
    func scheduleRestart(_ report: Report, ranFor duration: Duration, now: Instant) -> String? {
        let wait = delay.next(after: duration)
        if delay.failures == 1 { endings = [] }
        state = .waiting(until: now + wait)
        if wait >= .seconds(1) { socket?.close() }
        guard reports.shouldReport(report.cause + (report.lastLine ?? ""), now: now) else { return nil }
        let line = report.lastLine.map { ": \($0)" } ?? ""
        let again = wait > RestartDelay.shortest ? " in \(Double(wait.millisecondsRoundedUp) / 1000) s" : ""
        return "\(part.name) ended (\(report.cause))\(line); it is started again\(again)."
    }

    /// To be called while it runs: returns a sentence when a part that kept failing has recovered.
    func noteRunning(now: Instant) -> String? {
        guard case .running(_, let since) = state, delay.failures > 0, now - since >= RestartDelay.recovery else {
            return nil
        }
        delay.reset()
        return reports.reset() ? "\(part.name) runs again." : nil
    }
}

/// Lets a reason be logged once, not at every try: again only when it changes, and after ten minutes.
struct ReportLimit {
    static let interval = Duration.seconds(600)

    private var last: (text: String, moment: Instant)?
    private var suppressed = 0

    /// Digits do not count: times and process numbers differ from try to try.
    mutating func shouldReport(_ text: String, now: Instant) -> Bool {
        let plain = text.filter { !$0.isNumber }
        if let last, last.text == plain, now - last.moment < Self.interval {
            suppressed += 1
            return false
        }
        last = (plain, now)
        return true
    }

    /// Forgets the last reason; returns whether reports were suppressed.
    mutating func reset() -> Bool {
        let had = suppressed > 0
        last = nil
        suppressed = 0
        return had
    }
}
