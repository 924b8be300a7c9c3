import Cameras
import Configuration
import Detection
import Linux
import Logging
import Names
import SharedFrame
import Synchronization

/// A camera whose frames are analysed, on a thread of its own.
final class LiveCamera: Sendable {
    let ring: RingName
    let configuration: LiveDetectionConfiguration
    let board: LookBoard
    let log: Logger
    /// The reader of the camera's ring.
    let subscriber: FrameSubscriber
    let report: Mutex<LiveReport>
    /// The newest settings, and where events are written; the latter is nil if they are not written.
    private let newest: Mutex<(settings: CameraDetection, journal: EventJournal?)>
    private let finishedLook = Mutex<FinishedLook?>(nil)
    /// Why the thread must stop; nil while it must not.
    private let stopping = Mutex<String?>(nil)
    private let isStopping = Atomic(false)
    private let hasFinished = Atomic(false)

    /// - Throws: If the process is out of descriptors.
    init(
        _ ring: RingName, _ configuration: LiveDetectionConfiguration, _ settings: CameraDetection,
        _ board: LookBoard, _ journal: EventJournal?, _ log: Logger
    ) throws(SystemError) {
        self.ring = ring
        self.configuration = configuration
        self.board = board
        self.log = log
        newest = Mutex((settings, journal))
        subscriber = try FrameSubscriber(ring)
        report = Mutex(LiveReport(ring.camera, settings))
    }

    /// Changes the settings; the thread applies them before the next frame.
    func apply(_ settings: CameraDetection, _ journal: EventJournal?) {
        let isNew = newest.withLock { newest in
            guard newest.settings != settings || newest.journal !== journal else { return false }
            newest = (settings, journal)
            return true
        }
        if isNew { subscriber.interrupt() }
    }

    /// The settings that the thread must apply.
    var newestSettings: (settings: CameraDetection, journal: EventJournal?) { newest.withLock { $0 } }

    var name: CameraName { ring.camera }

    func start() throws(SystemError) {
        try Thread("live \(name)") { [self] in
            Thread.setNiceness(5)
            LiveCameraWork(self).run()
            hasFinished.store(true, ordering: .releasing)
        }.detach()
    }

    /// Asks the thread to stop, without waiting for it.
    ///
    /// `reason` is a sentence for the viewers of the results.
    func stop(reason: String) {
        stopping.withLock { $0 = reason }
        isStopping.store(true, ordering: .releasing)
        subscriber.dropInterest()
        subscriber.interrupt()
    }

    /// The reason that was passed to ``stop(reason:)``.
    var stopReason: String { stopping.withLock { $0 } ?? "the detector has been stopped" }

    var isStopped: Bool { isStopping.load(ordering: .acquiring) }

    /// Whether the thread has ended; before that, it removes the rings that it has written.
    var isFinished: Bool { hasFinished.load(ordering: .acquiring) }

    /// Hands the result of a look to the camera's thread; called by the thread that performed the look.
    func finish(_ look: FinishedLook) {
        finishedLook.withLock { $0 = look }
        subscriber.interrupt()
    }

    func takeFinishedLook() -> FinishedLook? {
        finishedLook.withLock { look in
            defer { look = nil }
            return look
        }
    }
}
