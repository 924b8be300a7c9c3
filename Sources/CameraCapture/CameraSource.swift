public import Capturing
public import Linux
public import SharedFrame
import SystemPackage
public import Video4Linux

/// A source whose controls can be read and set while it is open.
public protocol ControllableSource: FrameSource {
    /// The open camera's controls; nil while no camera is open.
    var controls: ControlAccess? { get }
}

/// A source that delivers the pictures of a Video4Linux camera.
///
/// If the camera is lost, for example because it was unplugged, ``open()`` finds it again, even under another path.
public final class CameraSource: ControllableSource {
    public private(set) var description: SourceDescription
    private let choice: DeviceChoice
    private let options: CaptureOptions
    private let store: ControlStore
    private var camera: Camera?
    private var format: CaptureFormat?
    /// The layout of the camera's uncompressed pictures; nil for JPEG, and for formats that `converter` converts.
    private var raw: RawFormat?
    /// Converts the camera's pictures to a format that can be encoded; nil if no conversion is necessary.
    private var converter: PictureConverter?
    /// Identifies the camera that was last opened, so that it can be found again after it was lost.
    private var identity: CameraIdentity?
    /// Formats that the camera offers, but could not stream in the last attempt.
    private var excluded: Set<PixelFormat> = []

    /// Creates a source for the camera that `options.device` selects; `store` contains the saved control values.
    public init(_ options: CaptureOptions, _ store: ControlStore) {
        choice = options.device
        self.options = options
        self.store = store
        description = SourceDescription(kind: "v4l2", device: "\(options.device)")
    }

    public var descriptor: CInt? { camera?.pollDescriptor }
    public var controls: ControlAccess? { camera?.access }
    public var watched: WatchedFolder? { WatchedFolder(path: "/dev", mask: [.created, .attributes, .movedIn]) }

    public var signalLoss: SourceError? {
        guard let camera, !camera.hasSignal else { return nil }
        return SourceError(
            .noSignal, "\(camera.path) has no signal at its input: connect its signal source and switch it on")
    }

    public func entriesChanged(_ names: Set<String>) -> Bool {
        names.contains { $0.hasPrefix("video") || $0 == "v4l" }
    }

    public func open() throws(SourceError) -> OpenedSource {
        do throws(CameraError) {
            let camera = try find()
            let (format, notes) = try start(camera)
            self.camera = camera
            self.format = format
            identity = camera.identity
            description = SourceDescription(
                kind: "v4l2", device: "\(camera.path)", name: camera.name, format: format.pixelFormat.characters)
            return OpenedSource(
                width: format.size.width, height: format.size.height,
                framesPerSecond: format.rate?.framesPerSecond,
                notes: self.notes(camera, format) + notes)
        } catch {
            close()
            throw SourceError(error)
        }
    }

    public func close() {
        converter = nil
        camera?.stop()
        camera = nil
        format = nil
    }

    public func forget() {
        identity = nil
        excluded = []
    }

    public func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError) {
        guard let camera, let format else { return }
        var failure: SourceError?
        let delivered: Void?
        do throws(CameraError) {
            delivered = try camera.withNewestFrame { frame, bytes in
                do throws(SourceError) {
                    try deliver(bytes, CaptureTime(monotonic: frame.monotonic), format, to: pipeline)
                } catch {
                    failure = error
                }
            }
        } catch {
            throw SourceError(error)
        }
        pipeline.count(SourceCounts(camera.takeCounts()), isDelivered: delivered != nil)
        if let failure { throw failure }
    }

    private func deliver(
        _ bytes: RawSpan, _ capture: CaptureTime, _ format: CaptureFormat, to pipeline: FramePipeline
    ) throws(SourceError) {
        if format.pixelFormat.isJPEG {
            guard pipeline.admits(Instant(nanoseconds: capture.monotonic), isRaw: false) else { return }
            try pipeline.publish(jpeg: bytes, capture)
        } else {
            guard pipeline.admits(Instant(nanoseconds: capture.monotonic), isRaw: true) else { return }
            if let converter {
                try converter.convert(bytes, capture, to: pipeline)
            } else if let raw {
                try pipeline.publish(pixels: bytes, raw, capture)
            }
        }
    }

    /// Opens the camera that was open before, under its current path.
    ///
    /// If there is no such camera, opens the camera that `choice` selects.
    private func find() throws(CameraError) -> Camera {
        if let identity, let path = Device.find(identity) { return try Camera(path) }
        let camera = try Camera(try Device.resolve("\(choice)"))
        try checkIdentity(of: camera)
        return camera
    }

    /// Throws if the configured path no longer belongs to the camera that was opened before.
    private func checkIdentity(of camera: Camera) throws(CameraError) {
        guard case .node(let path) = choice, !path.starts(with: "/dev/v4l"), let identity else { return }
        let other = camera.identity
        if identity.product == other.product && (identity.serial == nil || identity.serial == other.serial) { return }
        throw CameraError(
            .notFound,
            "\(path) is a different camera now (\(other)): plug \(identity) in again, or restart to use this one")
    }

    /// Configures and starts the camera, and sets its controls.
    ///
    /// Returns the negotiated format, and a note for each control that could not be set.
    private func start(_ camera: Camera) throws(CameraError) -> (CaptureFormat, notes: [String]) {
        var request = CaptureRequest(
            pixelFormat: options.format, size: options.size, rate: FrameRate(options.pictures.framesPerSecond))
        request.excluded = excluded
        // Consider all formats again in the next attempt, unless the camera fails to start below.
        excluded = []
        let format = try camera.configure(request)
        raw = RawFormat(format)
        converter = raw == nil && !format.pixelFormat.isJPEG ? try PictureConverter(camera, format) : nil
        let kept = store.settings(options.controls, of: camera.identity)
        let settings = kept.map { ($0.name, $0.value) }
        // Set the controls before the camera streams, so that they already affect its first picture.
        _ = camera.access.apply(settings, pressesButtons: false)
        do throws(CameraError) {
            try camera.start()
        } catch {
            if error.reason == .noBandwidth || error.reason == .failed {
                request.excluded.insert(format.pixelFormat)
                if request.choose(from: camera.formats()) != nil { excluded = request.excluded }
            }
            throw error
        }
        // Set the controls again, because some drivers accept a control only while the camera streams, or reset it when
        // the camera starts to stream.
        let refusals = camera.access.apply(settings, pressesButtons: true)
        // A control cannot be set while an automatic control overrides it. A user who changes controls at run time may
        // have switched the automatic control on, so do not report this. If all controls come from the command line,
        // the command line is wrong, so report it.
        let isCommandLine = kept == options.controls
        return (format, refusals.filter { isCommandLine || !$0.isOverridden }.map(\.message))
    }

    private func notes(_ camera: Camera, _ format: CaptureFormat) -> [String] {
        var notes: [String] = []
        if format.size != options.size {
            notes.append(
                "\(camera.path) delivers \(format.size) instead of \(options.size): "
                    + "run 'capture-daemon devices' to list the sizes that it supports")
        }
        switch format.fields {
        case .progressive: break
        case .interlaced:
            notes.append(
                "\(camera.path) sends interlaced pictures, whose moving edges look like combs: use a progressive signal"
            )
        case .single:
            notes.append(
                "\(camera.path) sends single fields, with half of the lines: use a progressive signal")
        case .sequential:
            notes.append(
                "\(camera.path) sends one field above the other, so pictures appear twice: use a progressive signal")
        }
        return notes
    }
}

extension SourceError {
    /// Converts a camera's error to the camera state that viewers see.
    init(_ error: CameraError) {
        let state: CameraState =
            switch error.reason {
            case .failed, .invalidControl: .error
            case .notFound, .notCamera, .busy, .noPermission, .noUsableFormat, .noBandwidth, .lost: .waiting
            }
        self.init(state, error.description)
    }
}
