public import Capturing
public import Linux
public import SharedFrame
import SystemPackage
public import Video4Linux

/// A source whose controls can be read and set while it is open.
public protocol ControllableSource: FrameSource {
    /// The open camera's controls; nil while none is open.
    var controls: ControlAccess? { get }
}

/// A Video4Linux camera, which is found again after it was lost.
public final class CameraSource: ControllableSource {
    public private(set) var description: SourceDescription
    private let choice: DeviceChoice
    private let options: CaptureOptions
    private let store: ControlStore
    private var camera: Camera?
    private var format: CaptureFormat?
    /// Nil for JPEG and for formats that must be converted.
    private var raw: RawFormat?
    private var converter: PictureConverter?
    /// The first camera that was opened; after a loss the source looks for the same one.
    private var identity: CameraIdentity?
    /// Formats that the camera offers but failed to stream.
    private var excluded: Set<PixelFormat> = []

    /// Creates a source for the camera that `options` name; `store` holds the controls to set.
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

    /// Opens the camera, wherever it is now.
    private func find() throws(CameraError) -> Camera {
        if let identity, let path = Device.find(identity) { return try Camera(path) }
        let camera = try Camera(try Device.resolve("\(choice)"))
        try checkIdentity(of: camera)
        return camera
    }

    /// Throws if a different camera now has the path of the first one.
    private func checkIdentity(of camera: Camera) throws(CameraError) {
        guard case .node(let path) = choice, !path.starts(with: "/dev/v4l"), let identity else { return }
        let other = camera.identity
        if identity.product == other.product && (identity.serial == nil || identity.serial == other.serial) { return }
        throw CameraError(
            .notFound,
            "\(path) is a different camera now (\(other)): plug \(identity) in again, or restart to use this one")
    }

    /// Starts the camera with its controls set; returns a note for each control that could not be set.
    private func start(_ camera: Camera) throws(CameraError) -> (CaptureFormat, notes: [String]) {
        var request = CaptureRequest(
            pixelFormat: options.format, size: options.size, rate: FrameRate(options.pictures.framesPerSecond))
        request.excluded = excluded
        // The next attempt starts with the best format again, unless this one fails.
        excluded = []
        let format = try camera.configure(request)
        raw = RawFormat(format)
        converter = raw == nil && !format.pixelFormat.isJPEG ? try PictureConverter(camera, format) : nil
        let kept = store.settings(options.controls, of: camera.identity)
        let settings = kept.map { ($0.name, $0.value) }
        // Before streaming, so that the first picture already has them.
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
        // Again: some drivers accept a control only while they stream, or reset it when they start.
        let refusals = camera.access.apply(settings, pressesButtons: true)
        // An automatic control that was switched on rightly overrides others; a command line must be consistent.
        let isCommandLine = kept == options.controls
        return (format, refusals.filter { isCommandLine || !$0.isOverridden }.map(\.message))
    }

    private func notes(_ camera: Camera, _ format: CaptureFormat) -> [String] {
        var notes: [String] = []
        if format.size != options.size {
            notes.append(
                "\(camera.path) gives \(format.size) instead of \(options.size): "
                    + "capture-daemon devices lists its sizes")
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
    /// Converts a camera's error to a state for its viewers.
    init(_ error: CameraError) {
        let state: CameraState =
            switch error.reason {
            case .failed, .invalidControl: .error
            case .notFound, .notCamera, .busy, .noPermission, .noUsableFormat, .noBandwidth, .lost: .waiting
            }
        self.init(state, error.description)
    }
}
