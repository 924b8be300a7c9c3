public import Capturing
import Daemon
import Glibc
import Linux
import Logging
import SharedFrame
import SystemPackage
import Video4Linux

/// The main loop of capture-daemon, in which one thread waits for pictures, signals and timers.
public enum CaptureLoop {
    /// Captures until the process receives SIGTERM or SIGINT.
    ///
    /// SIGHUP reopens the source. `makeSource` creates the source that `options.device` selects. This function throws a
    /// ``Failure`` if the ring cannot be created. If the source cannot be opened, it does not throw but keeps trying.
    public static func run(
        _ options: CaptureOptions, makeSource: (CaptureOptions, ControlStore) -> any FrameSource
    ) throws {
        let logger = Logger(label: "capture-daemon")
        let signals = try SignalDescriptor(blocking: [SIGTERM, SIGINT, SIGHUP])
        let store = ControlStore(
            options.stateDirectory?.appending("\(options.prefix).\(options.camera).controls.json"), logger)
        let source = makeSource(options, store)
        let watch = FolderWatch(source, logger)
        let publisher = try makePublisher(options, source)
        let notifier = ServiceNotifier()
        let panel = ControlPanel()
        let session = try CaptureSession(
            source, publisher, options.pictures, StateReport(publisher, notifier, logger), logger, observer: panel)
        let controls = serveControls(options, panel, store, logger)
        defer { controls?.stop() }
        notifier.ready()
        while let events = wait(for: session, signals, watch) { session.advance(at: .now, events) }
        notifier.stopping()
        publisher.stop(reason: "capture-daemon was stopped")
    }

    /// Starts the control server; returns nil if there is no folder for its socket, or if it cannot start.
    private static func serveControls(
        _ options: CaptureOptions, _ panel: ControlPanel, _ store: ControlStore, _ logger: Logger
    ) -> ControlServer? {
        guard let folder = options.runtimeDirectory else { return nil }
        do throws(SystemError) {
            let server = try ControlServer(folder, options.camera, logger)
            try server.start { ControlService(options, panel, store, logger) }
            return server
        } catch {
            let level: Logger.Level = error.errno == .noSuchFileOrDirectory ? .info : .warning
            logger.log(
                level: level, "the controls cannot be changed while the program runs (see --runtime-dir): \(error)")
            return nil
        }
    }

    private static func makePublisher(
        _ options: CaptureOptions, _ source: any FrameSource
    ) throws -> FramePublisher {
        let name = RingName(prefix: options.prefix, camera: options.camera, kind: .capture)
        do throws(RingError) {
            return try FramePublisher(
                name, slotCount: options.slotCount, slotByteCount: options.slotByteCount, source: source.description)
        } catch {
            throw Failure(error)
        }
    }

    /// Waits for the next event; returns nil if the program was asked to stop.
    private static func wait(
        for session: CaptureSession, _ signals: borrowing SignalDescriptor, _ watch: FolderWatch
    ) -> CaptureSession.Events? {
        if !session.isOpen { watch.renew() }
        let deadline = min(session.deadline, watch.nextCheck)
        let descriptors = [signals.descriptor.number, watch.descriptor, session.descriptor].compactMap(\.self)
        var events = CaptureSession.Events()
        let milliseconds = (deadline - .now).millisecondsRoundedUp
        for ready in Poll.readiness(of: descriptors, milliseconds: milliseconds) {
            switch ready.number {
            case session.descriptor:
                events.isReady = ready.isReadable
                events.isBroken = ready.isBroken
            case watch.descriptor: events.changedNames = watch.changedNames()
            default:
                while let signal = signals.next() {
                    if signal != SIGHUP { return nil }
                    events.isReopenRequested = true
                }
            }
        }
        if watch.nextCheck <= .now { events.changedNames = watch.changedNames() }
        return events
    }
}

extension CaptureOptions {
    /// The expected maximum size of a picture in bytes; the ring is created with slots of this size.
    ///
    /// JPEGs that a camera encodes rarely have more than four bits per pixel. If a picture is larger, the ring grows.
    var slotByteCount: Int {
        let encoded = pictures.slotByteCount(width: size.width, height: size.height)
        return switch device {
        case .pattern: encoded
        case .folder: max(65536, size.pixelCount / 2)
        case .automatic, .node: format.map { $0.isJPEG } ?? true ? max(65536, size.pixelCount / 2) : encoded
        }
    }
}

extension Failure {
    fileprivate init(_ error: RingError) {
        self.init(rawStatus: error.exitStatus, error.description)
    }
}
