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
        case notStarted(any Error)

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
    let log: PartLog
    var state = State.waiting(until: .distantPast)
    var delay = RestartDelay()
    /// How the part's latest processes ended, in order.
    ///
    /// The list is emptied after a process has run for at least ``RestartDelay/recovery``.
    var endings: [ProcessEnding] = []
    private let socket: WorkerSocket?
    private var reports = ReportLimit()
    private var logReports = ReportLimit()
    /// Whether the control socket existed in the previous check of the current run.
    private var hadControlSocket = false
    /// When the current process was asked to exit because a file is missing; nil if it was not.
    private var dismissed: Instant?
    /// The file that was missing in the previous check.
    private var suspect: FilePath?

    init(_ part: Part, oriel: FilePath) {
        self.part = part
        log = PartLog(part.log)
        socket = part.socket.map { WorkerSocket($0, oriel: oriel) }
    }

    /// Starts the program; returns the process ID.
    func start() throws(SystemError) -> Int32 {
        let output = try log.open()
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        let input = try socket.map { (socket) throws(SystemError) in try socket.open(log: output) }
        let process = try ChildProcesses.start(
            part.command, streams: .init(input: input ?? null.number, output: output, error: output),
            deathSignal: SIGTERM)
        state = .running(process, since: .now)
        hadControlSocket = false
        dismissed = nil
        suspect = nil
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

    // MARK: - Checks while the part runs

    /// Returns a file that the part needs and that was missing in this check and in the previous one.
    ///
    /// Must be called once in each check. `missing` is a file that the caller has found missing; nil if the caller has
    /// found all files.
    func lostFile(_ missing: FilePath?) -> FilePath? {
        guard case .running = state, dismissed == nil else { return nil }
        let found = missing ?? missingSocket
        defer { suspect = found }
        return found == suspect ? found : nil
    }

    /// Makes the part exit, because a file that it needs has been removed; returns a message to log.
    ///
    /// The part does not notice this itself. When it is started again, the file is created again.
    func dismiss(because missing: FilePath, now: Instant) -> String {
        if case .running(let process, _) = state {
            dismissed = now
            ChildProcesses.signal(process, SIGTERM)
        }
        return "\(missing) is missing; restarting \(part.name) to create it again."
    }

    /// Kills the part if it was told to exit and has not done so; called repeatedly.
    func killIfStuck(now: Instant) {
        guard case .running(let process, _) = state, let dismissed, now - dismissed > .seconds(3) else { return }
        ChildProcesses.signal(group: process, SIGKILL)
    }

    private var missingSocket: FilePath? {
        guard let socket, !socket.isIntact else { return nil }
        return part.socket
    }

    /// A message to log if the socket for the camera's controls has been removed since the last call, otherwise nil.
    ///
    /// The part is not restarted, because its pictures are more important than the controls.
    var controlsMessage: String? {
        guard case .running = state, let path = part.controlSocket else { return nil }
        let exists = (try? FileStatus(at: path, followingLinks: false)) != nil
        defer { hadControlSocket = exists }
        guard hadControlSocket, !exists else { return nil }
        return "\(path) is missing; the camera's controls cannot be set until \(part.name) is restarted."
    }

    /// Limits the size of the part's log; called repeatedly.
    ///
    /// Returns whether the log was too large, and a message to log.
    func limitLog(now: Instant) -> (wasTooLarge: Bool, sentence: String?) {
        let result = log.limit()
        guard result != .notNeeded else { return (false, nil) }
        let megabytes = PartLog.maximumByteCount >> 20
        let rest = result == .endKept ? "its end is now in" : "it was emptied, and its end could not be written to"
        let sentence = "The log of \(part.name) was larger than \(megabytes) MiB; \(rest) \(log.path).old."
        return (true, logReports.shouldReport(sentence, now: now) ? sentence : nil)
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
