public import Configuration
import Daemon
import EventLoop
import Glibc
import Linux
import Names
import SystemPackage

/// Runs a whole system: it starts the parts, restarts any part that exits, and cleans up afterwards.
///
/// When a part exits, neither the other parts nor the system stop. The system fails only at startup, and only if it
/// cannot work at all: if programs are missing, ports are in use, nginx rejects its configuration, or another system
/// has the same cameras.
///
/// The supervisor uses one thread. If it dies, the parts receive SIGTERM, and a ``Tidier`` cleans up.
public final class Supervisor {
    /// A closure that is called on SIGHUP.
    ///
    /// It reads the configuration again, and throws if the configuration contains mistakes.
    public typealias Check = () throws(InvalidConfiguration) -> Void

    private let plan: SystemPlan
    private let runtime: RuntimeFolder
    private let nginx: NginxConfiguration
    /// When the parts' files and logs are checked next.
    private var nextCheck = Instant.now
    /// Limits the messages about files that cannot be restored.
    private var reports = ReportLimit()
    private let tidying: Tidying
    private var tidier: Tidier?
    private let loop: EventLoop
    private let signals: SignalDescriptor
    private let check: Check
    private var parts: [SupervisedPart] = []
    private var announcement: Announcement?
    private var stopSignal: CInt?
    private var failure: Failure?
    private let start = Instant.now
    /// Whether the process has a terminal.
    ///
    /// If it has one, SIGHUP means that the terminal was closed, and stops the system. Otherwise, SIGHUP requests a
    /// check of the configuration.
    private let hasTerminal = (try? Descriptor(opening: "/dev/tty", flags: O_RDWR | O_NOCTTY)) != nil

    /// Prepares the system without starting its parts.
    ///
    /// Must be called before any thread is started.
    public init(
        _ configuration: SystemConfiguration, _ installation: Installation, check: @escaping Check
    ) throws {
        var configuration = configuration
        self.check = check
        try Self.checkPorts(configuration)
        try installation.check()
        try Self.checkPrefix(configuration)
        signals = try SignalDescriptor(blocking: [SIGCHLD, SIGHUP, SIGINT, SIGTERM])
        loop = try EventLoop()
        runtime = try RuntimeFolder(configuration)
        tidying = Tidying(
            runtime: runtime.path, prefix: configuration.prefix, cameras: configuration.cameras.map(\.name))
        do {
            tidier = try Tidier(tidying, program: installation.oriel)
            Self.replaceMissingDevices(in: &configuration, installation)
            plan = SystemPlan(configuration, installation, runtime: runtime.path)
            try Folder.make(plan.logFolder, permissions: 0o755)
            _ = ResourceLimit.raiseOpenFiles(maximum: 16_384)
            nginx = NginxConfiguration(plan)
            do {
                for server in ["ingest", "web"] { try nginx.generate(server) }
            } catch {
                say(nginx.output)
                throw error
            }
        } catch {
            runtime.release()
            tidying.end([])
            throw error
        }
    }

    /// Runs the system until SIGINT or SIGTERM arrives, or SIGHUP if the process has a terminal.
    ///
    /// - Returns: The exit status, which is 128 plus the signal number.
    /// - Throws: A ``Failure`` if the system cannot work at all.
    public func run() throws -> Int32 {
        parts = plan.parts.map { SupervisedPart($0, oriel: plan.installation.oriel) }
        _ = try loop.add(signals.descriptor.number, .readable, SignalHandler(self))
        for part in parts { start(part) }
        announcement = try? Announcement(plan, directives: nginx.directives(of: "web"))
        while stopSignal == nil, failure == nil {
            try loop.turn(timeout: timeUntilNextStep())
            step()
        }
        announcement?.cancel()
        if stopSignal != nil { say("Stopping.") }
        end()
        if let failure { throw failure }
        return 128 + (stopSignal ?? SIGTERM)
    }

    // MARK: - Parts

    /// Starts a part, after creating again what has been removed from the runtime folder.
    private func start(_ part: SupervisedPart) {
        do {
            try runtime.restore()
            try Folder.make(plan.logFolder, permissions: 0o755)
            if let server = part.part.nginxServer { try nginx.restore(server) }
            let process = try part.start()
            addToTidier(process)
        } catch {
            if let sentence = part.scheduleRestart(.notStarted(error), ranFor: .zero, now: .now) { say(sentence) }
        }
    }

    /// Restarts the parts whose delay is over, and reports the parts that have recovered.
    private func step() {
        let now = Instant.now
        for part in parts {
            if case .waiting(let moment) = part.state, moment <= now { start(part) }
            if let sentence = part.noteRunning(now: now) { say(sentence) }
        }
        if nextCheck <= now { checkFiles(now: now) }
    }

    /// Restarts the parts whose files have been removed, and limits the size of the logs.
    ///
    /// No part is restarted while the runtime folder cannot be restored, because it could not be started then.
    private func checkFiles(now: Instant) {
        var isFlooded = false
        let isRestored = report(now: now) { () throws(Failure) in try runtime.restore() }
        for part in parts {
            part.killIfStuck(now: now)
            let missing = part.part.nginxServer.flatMap { nginx.missingFile(of: $0) }
            if isRestored, let file = part.lostFile(missing) { replace(file, of: part, now: now) }
            if isRestored, let sentence = part.controlsMessage { say(sentence) }
            let (wasTooLarge, sentence) = part.limitLog(now: now)
            if let sentence { say(sentence) }
            if wasTooLarge { isFlooded = true }
        }
        nextCheck = now + (isFlooded ? .milliseconds(100) : .seconds(1))
    }

    /// Restarts a part, which needs a file that has been removed.
    private func replace(_ file: FilePath, of part: SupervisedPart, now: Instant) {
        if let server = part.part.nginxServer {
            // nginx keeps running if its new configuration cannot be generated.
            guard report(now: now, { () throws(Failure) in try nginx.restore(server) }) else { return }
        }
        say(part.dismiss(because: file, now: now))
    }

    /// Calls `body`; if it fails, says why, unless it has been said before, and returns false.
    private func report(now: Instant, _ body: () throws(Failure) -> Void) -> Bool {
        do throws(Failure) {
            try body()
            return true
        } catch {
            if reports.shouldReport(error.description, now: now) { say("\(error)") }
            return false
        }
    }

    private func timeUntilNextStep() -> Duration {
        let moments = parts.compactMap { part -> Instant? in
            switch part.state {
            case .waiting(let moment): moment
            case .running(_, let since): part.delay.failures > 0 ? since + RestartDelay.recovery : nil
            }
        }
        return max(.zero, min(nextCheck, moments.min() ?? nextCheck) - .now)
    }

    /// Reaps all children that have exited.
    ///
    /// If this process has the ID 1, for example in a container, it reaps orphans too.
    fileprivate func reapChildren() {
        while let child = ChildProcesses.ended() {
            let part = parts.first { if case .running(child, _) = $0.state { true } else { false } }
            // The rest of the process group is killed before its ID can be reused. If nginx's workers were not killed,
            // they would keep the port.
            if part != nil { ChildProcesses.signal(group: child, SIGKILL) }
            guard let ending = ChildProcesses.reap(child) else { continue }
            if let part {
                removeFromTidier(child)
                handleEnd(of: part, ending)
            } else if isTidier(child), stopSignal == nil, failure == nil {
                say("The cleanup process exited (\(ending)) and was replaced.")
                restartTidier()
            }
        }
    }

    private func handleEnd(of part: SupervisedPart, _ ending: ProcessEnding) {
        guard stopSignal == nil, failure == nil, case .running(_, let since) = part.state else { return }
        let now = Instant.now
        // If someone else has stopped the part, the last line of its log is not the cause.
        let isForeign = [.status(0), .signal(SIGKILL), .signal(SIGTERM)].contains(ending)
        let sentence = part.scheduleRestart(
            .exited(ending, lastLine: isForeign ? nil : part.log.lastLines(1).first), ranFor: now - since, now: now)
        part.endings.append(ending)
        if let fatal = fatalFailure(of: part) {
            failure = fatal
        } else if let sentence {
            say(sentence)
        }
    }

    /// Returns the reason why the system cannot work at all, if the first runs of a part reveal one.
    private func fatalFailure(of part: SupervisedPart) -> Failure? {
        guard Instant.now - start < .seconds(10), part.delay.failures == part.endings.count else { return nil }
        let lines = part.log.lastLines(5)
        if part.part.kind.program == "nginx", part.endings.count == 1,
            let line = lines.first(where: { $0.contains("bind() to ") && $0.contains("failed (98") })
        {
            let words = line.split(separator: " ")
            let address = words.firstIndex(of: "to").map { words[$0 + 1] } ?? "the port"
            return Failure(
                .unavailable,
                "\(address) is in use: stop the program that listens there, or set ORIEL_WEB_PORT or "
                    + "ORIEL_INGEST_PORT")
        }
        // The first failures do not count, because a previous system may still be shutting down.
        let captures = parts.filter { $0.part.kind.count == .perDevice }
        let unavailable = ProcessEnding.status(ExitStatus.unavailable.rawValue)
        guard captures.contains(where: { $0 === part }),
            captures.allSatisfy({ $0.endings.count >= 4 && $0.endings.allSatisfy { $0 == unavailable } })
        else { return nil }
        return Failure(
            .unavailable,
            "\(part.part.name) cannot run, perhaps because another system with the prefix "
                + "\(plan.configuration.prefix) is running: stop that system, or set another ORIEL_PREFIX "
                + "(\(lines.last ?? ""))")
    }

    // MARK: - Tidier

    private func addToTidier(_ group: Int32) {
        switch tidier {
        case .some(let tidier): tidier.add(group)
        case nil: break
        }
    }

    private func removeFromTidier(_ group: Int32) {
        switch tidier {
        case .some(let tidier): tidier.remove(group)
        case nil: break
        }
    }

    private func isTidier(_ process: Int32) -> Bool {
        switch tidier {
        case .some(let tidier): tidier.process == process
        case nil: false
        }
    }

    private var groups: Set<Int32> {
        Set(parts.compactMap { if case .running(let process, _) = $0.state { process } else { nil } })
    }

    private func restartTidier() {
        tidier = nil
        tidier = try? Tidier(tidying, program: plan.installation.oriel)
        for group in groups { addToTidier(group) }
    }

    /// Stops all parts and cleans up.
    private func end() {
        // Setting `tidier` to nil closes its pipe, which makes the tidier's process clean up.
        let process: Int32?
        switch tidier {
        case .some(let tidier): process = tidier.process
        case nil: process = nil
        }
        try? runtime.restore()
        runtime.release()
        tidier = nil
        let deadline = Instant.now + .seconds(6)
        var isTidying = process != nil
        while isTidying, Instant.now < deadline {
            while let child = ChildProcesses.ended() {
                let ending = ChildProcesses.reap(child)
                guard child == process else { continue }
                if ending == .status(0) { return }
                isTidying = false
            }
            Poll.wait([], milliseconds: 10)
        }
        // The tidier was killed or stopped. This process cleans up instead.
        tidying.end(groups) {
            while let child = ChildProcesses.ended() { _ = ChildProcesses.reap(child) }
        }
    }

    // MARK: - Signals

    fileprivate func receiveSignals() {
        while let signal = signals.next() {
            switch signal {
            case SIGCHLD: reapChildren()
            case SIGHUP where !hasTerminal: checkConfiguration()
            default: stopSignal = signal
            }
        }
    }

    private func checkConfiguration() {
        do throws(InvalidConfiguration) {
            try check()
            say("The configuration is valid; changes take effect after a restart.")
        } catch {
            for mistake in error.mistakes.prefix(100) { say("\(mistake)") }
            say("The configuration is invalid; the system keeps running unchanged.")
        }
    }
}

/// Passes signals to the supervisor.
private final class SignalHandler: EventHandler {
    private unowned let supervisor: Supervisor

    init(_ supervisor: Supervisor) { self.supervisor = supervisor }

    func handle(_ events: Epoll.Interest) { supervisor.receiveSignals() }
}

/// Writes a line to standard error.
func say(_ text: String) { writeToStandardError(text + "\n") }
