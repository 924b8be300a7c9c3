import Linux
import SharedFrame
import SystemPackage
import Video4Linux

/// A Video4Linux camera, found again after it was lost.
final class CameraSource: FrameSource {
    private(set) var description: SourceDescription
    private let choice: DeviceChoice
    private let options: CaptureOptions
    private let store: ControlStore
    private var camera: Camera?
    private var format: CaptureFormat?
    /// Nil for JPEG, and where a converter is needed.
    private var raw: RawFormat?
    private var converter: PictureConverter?
    /// The camera that was open first: after a loss that very one is looked for.
    private var identity: CameraIdentity?
    /// Formats that were offered and then could not be streamed.
    private var excluded: Set<PixelFormat> = []

    init(_ choice: DeviceChoice, _ options: CaptureOptions, _ store: ControlStore) {
        self.choice = choice
        self.options = options
        self.store = store
        description = SourceDescription(kind: "v4l2", device: "\(choice)")
    }

    var descriptor: CInt? { camera?.pollDescriptor }
    var nextFrameTime: UInt64? { nil }
    var controls: ControlAccess? { camera?.access }
    var watched: WatchedFolder? { WatchedFolder(path: "/dev", mask: [.created, .attributes, .movedIn]) }

    var lack: SourceTrouble? {
        guard let camera, !camera.hasSignal else { return nil }
        return SourceTrouble(
            .noSignal, "\(camera.path) has no signal at its input: connect what feeds it and switch it on")
    }

    func entriesChanged(_ names: Set<String>) -> Bool {
        names.contains { $0.hasPrefix("video") || $0 == "v4l" }
    }

    func open() throws(SourceTrouble) -> OpenedSource {
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
                notes: sizeNotes(camera, format) + notes)
        } catch {
            close()
            throw SourceTrouble(error)
        }
    }

    func close() {
        converter = nil
        camera?.stop()
        camera = nil
        format = nil
    }

    func forget() {
        identity = nil
        excluded = []
    }

    func deliver(at now: UInt64, to pipeline: FramePipeline) throws(SourceTrouble) {
        guard let camera, let format else { return }
        var trouble: SourceTrouble?
        let delivered: Void?
        do throws(CameraError) {
            delivered = try camera.withNewestFrame { frame, bytes in
                do throws(SourceTrouble) {
                    try deliver(bytes, CaptureTime(monotonic: frame.monotonic), format, to: pipeline)
                } catch {
                    trouble = error
                }
            }
        } catch {
            throw SourceTrouble(error)
        }
        pipeline.count(camera.takeCounts(), isDelivered: delivered != nil)
        if let trouble { throw trouble }
    }

    private func deliver(
        _ bytes: RawSpan, _ capture: CaptureTime, _ format: CaptureFormat, to pipeline: FramePipeline
    ) throws(SourceTrouble) {
        if format.pixelFormat.isJPEG {
            guard pipeline.admits(capture.monotonic, isRaw: false) else { return }
            try pipeline.publish(jpeg: bytes, capture, isRepaired: true)
        } else {
            guard pipeline.admits(capture.monotonic, isRaw: true) else { return }
            if let converter {
                try converter.convert(bytes, capture, to: pipeline)
            } else if let raw {
                try pipeline.publish(pixels: bytes, raw, capture)
            }
        }
    }

    /// The camera, wherever it is now.
    private func find() throws(CameraError) -> Camera {
        if let identity, let path = Device.find(identity) { return try Camera(path) }
        let camera = try Camera(try Device.resolve("\(choice)"))
        try checkIdentity(of: camera)
        return camera
    }

    /// Refuses a camera that has come to stand where the one that is meant stood.
    private func checkIdentity(of camera: Camera) throws(CameraError) {
        guard case .node(let path) = choice, !path.starts(with: "/dev/v4l"), let identity else { return }
        let other = camera.identity
        if identity.product == other.product && (identity.serial == nil || identity.serial == other.serial) { return }
        throw CameraError(
            .notFound,
            "\(path) is another camera now (\(other)): plug \(identity) in again, or restart to take this one")
    }

    /// Makes it stream with its controls set; tells which could not be.
    private func start(_ camera: Camera) throws(CameraError) -> (CaptureFormat, notes: [String]) {
        var request = CaptureRequest(
            pixelFormat: options.format, size: options.size, rate: FrameRate(options.framesPerSecond))
        request.excluded = excluded
        // The next attempt begins with the best format again, unless this one says otherwise.
        excluded = []
        let format = try camera.configure(request)
        raw = RawFormat(format)
        converter = raw == nil && !format.pixelFormat.isJPEG ? try PictureConverter(camera, format) : nil
        let kept = store.settings(options.controls, of: camera.identity)
        let settings = kept.map { ($0.name, $0.value) }
        // The first picture is to show them.
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
        // Some drivers take a control only while they stream, or set it back when they begin to.
        let refusals = camera.access.apply(settings, pressesButtons: true)
        // An automatic that somebody has switched on rules others, as it should; a command line ought to fit together.
        let isCommandLine = kept == options.controls
        return (format, refusals.filter { isCommandLine || !$0.isRuled }.map(\.message))
    }

    private func sizeNotes(_ camera: Camera, _ format: CaptureFormat) -> [String] {
        if format.size == options.size { return [] }
        return [
            "\(camera.path) gives \(format.size) instead of \(options.size): capture-daemon devices lists the sizes it "
                + "offers"
        ]
    }
}

extension SourceTrouble {
    /// What a camera's error means for those who watch.
    init(_ error: CameraError) {
        let state: CameraState =
            switch error.reason {
            case .failed, .invalidControl: .error
            case .notFound, .notCamera, .busy, .noPermission, .noUsableFormat, .noBandwidth, .lost: .waiting
            }
        self.init(state, error.description)
    }
}
