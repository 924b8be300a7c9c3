public import Linux
public import SharedFrame
public import SystemPackage

/// A source of pictures, such as a camera, the pattern or a folder.
///
/// Use it from only one thread. ``CaptureSession`` calls ``open()`` until it succeeds. If ``deliver(at:to:)`` throws,
/// the session calls ``close()`` and then ``open()`` again.
public protocol FrameSource: AnyObject {
    /// The description of the source in the status document. It may be incomplete until the source is first opened.
    var description: SourceDescription { get }
    /// Opens and starts the source.
    func open() throws(SourceError) -> OpenedSource
    /// Stops and closes the source; does nothing if it is not open.
    func close()
    /// Forgets which device was open, so that the next ``open()`` may use a different one.
    func forget()

    /// A descriptor that is readable when a picture is available.
    ///
    /// Nil while the source is closed, and for a source that delivers pictures at ``nextFrameTime``.
    var descriptor: CInt? { get }
    /// When the next picture is due; nil for a source whose ``descriptor`` reports pictures.
    var nextFrameTime: Instant? { get }
    /// Passes the newest picture to `pipeline`, if there is one.
    func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError)

    /// The error to report if the open source has no signal at its input; otherwise nil.
    var signalLoss: SourceError? { get }

    /// The folder whose changes must be reported to ``entriesChanged(_:)``; nil if there is none.
    ///
    /// It is the same folder as long as the source exists.
    var watched: WatchedFolder? { get }
    /// Handles changed entries of the folder ``watched``; returns whether ``open()`` may succeed now.
    func entriesChanged(_ names: Set<String>) -> Bool
}

extension FrameSource {
    public func forget() {}
    public var descriptor: CInt? { nil }
    public var nextFrameTime: Instant? { nil }
    public var signalLoss: SourceError? { nil }
    public var watched: WatchedFolder? { nil }
    public func entriesChanged(_ names: Set<String>) -> Bool { false }
}

/// A folder to watch, and the kinds of changes to watch for.
public struct WatchedFolder: Equatable, Sendable {
    public let path: FilePath
    public let mask: Inotify.Mask

    public init(path: FilePath, mask: Inotify.Mask) {
        self.path = path
        self.mask = mask
    }
}

/// The properties of an open source.
public struct OpenedSource: Equatable, Sendable {
    /// The width of a picture in pixels, before it is turned; 0 if each picture has its own size.
    public var width: Int
    /// The height of a picture in pixels, before it is turned; 0 if each picture has its own size.
    public var height: Int
    /// The frame rate that the source reports; nil if it does not report one.
    public var framesPerSecond: Double?
    /// Notes for the person who runs the program, each in one sentence.
    public var notes: [String]

    public init(width: Int, height: Int, framesPerSecond: Double?, notes: [String] = []) {
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.notes = notes
    }

    /// Returns a description for the log, such as `/dev/video0 (HD Pro Webcam C920, MJPG, 1280x720 at 30 frames/s)`.
    func summary(of source: SourceDescription) -> String {
        let size = width > 0 ? ", \(width)x\(height)" : ""
        let rate = framesPerSecond.flatMap { Self.text(ofRate: $0) }.map { " at \($0) frames/s" } ?? ""
        return "\(source.device) (\(source.name), \(source.format)\(size)\(rate))"
    }

    /// Returns the rate with up to two decimals, such as `30` or `29.97`; nil if `rate` is not a plausible frame rate.
    private static func text(ofRate rate: Double) -> String? {
        guard (0.001...1000).contains(rate) else { return nil }
        let hundredths = Int((rate * 100).rounded())
        let (whole, rest) = (hundredths / 100, hundredths % 100)
        if rest == 0 { return "\(whole)" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

/// The numbers of pictures that a source has counted since its counts were last added to the ring's counts.
public struct SourceCounts: Equatable, Sendable {
    /// Pictures that the device has delivered, whether they are complete or not.
    public var delivered = 0
    /// Delivered pictures that the driver has marked as damaged.
    public var flagged = 0
    /// Delivered pictures without any bytes.
    public var empty = 0
    /// Delivered pictures with fewer bytes than a complete picture.
    public var truncated = 0
    /// Delivered pictures that were dropped because a newer one was available.
    public var stale = 0
    /// Pictures that were never delivered, according to gaps in the device's sequence numbers.
    public var missed = 0

    public init() {}
}

/// An object that a ``CaptureSession`` notifies when it has opened or closed its source.
public protocol SourceObserver: AnyObject {
    func sourceDidOpen(_ source: any FrameSource, _ opened: OpenedSource)
    /// `reason` is a sentence that says why the source was closed.
    func sourceDidClose(_ reason: String)
}
