import Daemon
import Glibc
import Linux
import Logging
import SharedFrame
import SystemPackage
import TurboJPEG
import Video4Linux

/// The whole of a capture-daemon: one thread that waits for the source, for signals and for the clock.
public enum CaptureLoop {
    /// Captures until SIGTERM or SIGINT; SIGHUP opens the source anew.
    ///
    /// Throws a ``Failure`` when the ring cannot be had or is lost; a source that cannot be had is waited for.
    public static func run(_ options: CaptureOptions) throws {
        let logger = Logger(label: "capture-daemon")
        let signals = try SignalDescriptor(blocking: [SIGTERM, SIGINT, SIGHUP])
        let inotify = try Inotify()
        let store = ControlStore(
            options.stateDirectory?.appending("\(options.prefix).\(options.camera).controls.json"), logger)
        let source = makeSource(options, store)
        let publisher = try makePublisher(options, source)
        let notifier = ServiceNotifier()
        let panel = ControlPanel()
        let session = try CaptureSession(
            source, publisher, options, StateReport(publisher, notifier, logger), logger, panel: panel)
        let controls = serveControls(options, panel, store, logger)
        defer { controls?.stop() }
        notifier.ready()
        do throws(RingError) {
            while let events = wait(for: session, signals, inotify) {
                try session.advance(at: Clock.monotonic, events)
            }
        } catch {
            throw Failure(error)
        }
        notifier.stopping()
        publisher.stop(reason: "capture-daemon was stopped")
    }

    /// Lets others read and set the controls; nil where there is no place for the socket.
    private static func serveControls(
        _ options: CaptureOptions, _ panel: ControlPanel, _ store: ControlStore, _ logger: Logger
    ) -> ControlServer? {
        guard let folder = options.runtimeDirectory else { return nil }
        do throws(SystemError) {
            let server = try ControlServer(folder, options.camera)
            try server.start { ControlService(options, panel, store, logger) }
            return server
        } catch {
            let level: Logger.Level = error.errno == .noSuchFileOrDirectory ? .info : .warning
            logger.log(level: level, "nobody can set the controls while this runs (see --runtime-dir): \(error)")
            return nil
        }
    }

    private static func makeSource(_ options: CaptureOptions, _ store: ControlStore) -> any FrameSource {
        switch options.device {
        case .pattern: PatternSource(options)
        case .folder(let path): FolderSource(path, options)
        case .automatic, .node: CameraSource(options.device, options, store)
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

    /// Waits until there is something to do; nil when the program is to end.
    private static func wait(
        for session: CaptureSession, _ signals: borrowing SignalDescriptor, _ inotify: borrowing Inotify
    ) -> CaptureSession.Events? {
        // While the source is closed the folder itself may come and go: the watch is set anew, ahead of each attempt.
        if !session.isOpen, let watched = session.source.watched { try? inotify.watch(watched.path, watched.mask) }
        let now = Clock.monotonic
        let rest = max(session.deadline, now) - now
        let descriptor = session.descriptor
        let descriptors = [signals.descriptor.number, inotify.descriptor.number] + (descriptor.map { [$0] } ?? [])
        var events = CaptureSession.Events()
        for ready in Poll.readiness(of: descriptors, milliseconds: Int((rest + 999_999) / 1_000_000)) {
            switch ready.number {
            case descriptor:
                events.isReady = ready.isReadable
                events.isBroken = ready.isBroken
            case inotify.descriptor.number: events.changedNames = inotify.changedNames()
            default:
                while let signal = signals.next() {
                    if signal != SIGHUP { return nil }
                    events.isReopenAsked = true
                }
            }
        }
        return events
    }
}

extension CaptureOptions {
    /// The most bytes that a picture is expected to have, for the ring's first size.
    ///
    /// What is encoded here must find room for the worst case. A camera's own JPEGs have hardly ever more than four bits
    /// a pixel; a larger one makes the ring grow.
    var slotByteCount: Int {
        let worst = JPEGEncoder.bound(width: size.width, height: size.height, subsampling: subsampling.jpeg)
        return switch device {
        case .pattern: worst
        case .folder: max(65536, size.pixelCount / 2)
        case .automatic, .node: format.map { $0.isJPEG } ?? true ? max(65536, size.pixelCount / 2) : worst
        }
    }
}

extension Failure {
    fileprivate init(_ error: RingError) {
        self.init(rawStatus: error.exitStatus, error.description)
    }
}
