import Cameras
import Configuration
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
    /// The event journal, which is opened when a camera first needs it.
    private let journal = Mutex<EventJournal?>(nil)
    private let cameras = Mutex<[LiveCamera]>([])
    private let isStopping = Atomic(false)
    private let isDirectoryFinished = Atomic(true)

    public init(_ configuration: LiveDetectionConfiguration, log: Logger) {
        self.configuration = configuration
        self.log = log
        board = LookBoard(threads: configuration.threads, load: configuration.load)
    }

    /// Starts the threads; throws if one cannot be started.
    public func start() throws(SystemError) {
        guard !configuration.settings.isAlwaysOff else { return }
        try board.start()
        // An existing journal may contain objects that an earlier process has not ended.
        if let folder = configuration.journal, (try? FileStatus(at: folder.path)) != nil { try openJournal() }
        try configuration.settings.start()
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
        configuration.settings.requestStop()
        let deadline = Instant.now + timeout
        while !isFinished, Instant.now < deadline { Poll.wait([], milliseconds: 5) }
        // The cameras have ended their objects.
        let journal = journal.withLock { $0 }
        journal?.stop()
        while journal?.isFinished == false, Instant.now < deadline { Poll.wait([], milliseconds: 5) }
    }

    /// Returns the event journal, which is created if necessary; nil if events are not written.
    @discardableResult
    private func openJournal() throws(SystemError) -> EventJournal? {
        if let journal = journal.withLock({ $0 }) { return journal }
        guard let folder = configuration.journal else { return nil }
        let new = try EventJournal(folder, log: log)
        try new.start()
        journal.withLock { $0 = new }
        return new
    }

    private var isFinished: Bool {
        isDirectoryFinished.load(ordering: .acquiring) && board.isFinished && configuration.settings.isFinished
            && cameras.withLock { $0.allSatisfy { $0.isFinished } }
    }

    /// The figures of all cameras, in the order of their names.
    public var reports: [LiveReport] {
        cameras.withLock { $0 }.map { camera in camera.report.withLock { $0 } }.sorted { $0.camera < $1.camera }
    }

    /// The figures of all cameras for the status document.
    public var json: JSON { .array(reports.map(\.json)) }

    /// The figures of the event journal for the status document; null if there is no journal.
    public var journalJSON: JSON { .optional(journal.withLock { $0 }, \.json) }

    /// The state of the settings for the status document.
    public var settingsJSON: JSON { configuration.settings.json }

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
            let rings = directory.names.filter { directory.contains($0) }.map { directory.ring(of: $0) }
            let wanted = rings.map { (ring: $0, settings: configuration.settings.value(for: $0.camera)) }
                .filter { $0.settings.mode != .off }
            for camera in cameras.withLock({ $0 }) where !wanted.contains(where: { $0.ring == camera.ring }) {
                let isOff = rings.contains(camera.ring)
                camera.stop(reason: isOff ? "detection is off for this camera" : "the camera's frames are gone")
            }
            let current = cameras.withLock { cameras in
                cameras.removeAll { $0.isFinished }
                return cameras
            }
            for (ring, settings) in wanted {
                do throws(SystemError) {
                    let journal = settings.mode == .always ? try openJournal() : nil
                    if let camera = current.first(where: { $0.name == ring.camera }) {
                        camera.apply(settings, journal)
                        continue
                    }
                    let camera = try LiveCamera(ring, configuration, settings, board, journal, log)
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
