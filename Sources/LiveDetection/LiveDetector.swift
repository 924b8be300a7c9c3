import Cameras
import Daemon
import Glibc
public import JSON
import Journal
public import Linux
public import Logging
import Names
import SharedFrame
import Synchronization

/// Analyses the frames of all cameras in real time, and writes the results to rings.
///
/// A camera uses hardly any CPU time while nobody watches its results, unless its mode is `always`.
public final class LiveDetector: Sendable {
    /// The interval between searches for new and removed cameras.
    private static let interval = Duration.milliseconds(250)

    private let configuration: LiveDetectionConfiguration
    private let log: Logger
    private let board: LookBoard
    private let journal: EventJournal?
    private let cameras = Mutex<[LiveCamera]>([])
    private let isStopping = Atomic(false)
    private let isDirectoryFinished = Atomic(true)

    /// - Throws: If the process is out of descriptors.
    public init(_ configuration: LiveDetectionConfiguration, log: Logger) throws(SystemError) {
        self.configuration = configuration
        self.log = log
        board = LookBoard(threads: configuration.threads, load: configuration.load)
        // In other modes, an existing journal is opened only to end the objects of an earlier process.
        let isNeeded =
            configuration.journal.map { configuration.mode == .always || (try? FileStatus(at: $0.path)) != nil }
            ?? false
        if isNeeded, let folder = configuration.journal {
            journal = try EventJournal(folder, log: log)
        } else {
            journal = nil
        }
    }

    /// Starts the threads; throws if one cannot be started.
    public func start() throws(SystemError) {
        guard configuration.mode != .off else { return }
        try board.start()
        try journal?.start()
        isDirectoryFinished.store(false, ordering: .relaxed)
        try Thread("live cameras") { [self] in
            watchDirectory()
            isDirectoryFinished.store(true, ordering: .releasing)
        }.detach()
    }

    /// Asks all threads to stop, and waits until they have removed their rings, for at most `timeout`.
    public func stop(timeout: Duration) {
        isStopping.store(true, ordering: .releasing)
        board.stop()
        let deadline = Instant.now + timeout
        while !isFinished, Instant.now < deadline { Poll.wait([], milliseconds: 5) }
        // The cameras have ended their objects.
        journal?.stop()
        while journal?.isFinished == false, Instant.now < deadline { Poll.wait([], milliseconds: 5) }
    }

    private var isFinished: Bool {
        isDirectoryFinished.load(ordering: .acquiring) && board.isFinished
            && cameras.withLock { $0.allSatisfy { $0.isFinished } }
    }

    /// The figures of all cameras, in the order of their names.
    public var reports: [LiveReport] {
        cameras.withLock { $0 }.map { camera in camera.report.withLock { $0 } }.sorted { $0.camera < $1.camera }
    }

    /// The figures of all cameras for the status document.
    public var json: JSON { .array(reports.map(\.json)) }

    /// The figures of the event journal for the status document; null if there is no journal.
    public var journalJSON: JSON { .optional(journal, \.json) }

    /// The number of descriptors that the cameras use: two rings with their locks, and the camera's own ring.
    public var descriptorCount: Int { cameras.withLock { $0.count } * 5 }

    /// Exits if a look has taken too long, so that the program can be restarted.
    private func exitIfHanging() {
        let duration = board.longestLook
        guard duration > configuration.hangTimeout else { return }
        log.critical("a look has taken \(Int(duration.inSeconds)) s, so it counts as hanging: the program exits")
        // Do not call exit handlers, because a library's handler might wait for the thread that hangs.
        _exit(ExitStatus.software.rawValue)
    }

    private func watchDirectory() {
        let directory = CameraDirectory(
            prefix: configuration.prefix, kinds: configuration.kinds, configured: configuration.cameras)
        var problem: String?
        while !isStopping.load(ordering: .acquiring) {
            directory.refreshIfChanged()
            // A directory without cameras still lists `main`, which has no ring.
            let wanted = directory.names.filter { directory.contains($0) }.map { directory.ring(of: $0) }
            for camera in cameras.withLock({ $0 }) where !wanted.contains(camera.ring) {
                camera.stop(reason: "the camera's frames are gone")
            }
            let current = cameras.withLock { cameras in
                cameras.removeAll { $0.isFinished }
                return cameras
            }
            for ring in wanted where !current.contains(where: { $0.name == ring.camera }) {
                do throws(SystemError) {
                    let camera = try LiveCamera(
                        ring, configuration, board, configuration.mode == .always ? journal : nil, log)
                    try camera.start()
                    cameras.withLock { $0.append(camera) }
                    problem = nil
                } catch {
                    if problem != "\(error)" { log.error("cannot analyse camera \(ring.camera): \(error)") }
                    problem = "\(error)"
                }
            }
            exitIfHanging()
            Poll.wait([], milliseconds: Self.interval.millisecondsRoundedUp)
        }
        for camera in cameras.withLock({ $0 }) { camera.stop(reason: "the detector has been stopped") }
    }
}
