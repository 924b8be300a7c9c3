public import Linux
public import SharedFrame
public import SystemPackage

/// A source of pictures: a camera, the pattern, a folder.
///
/// One thread uses it. ``CaptureSession`` calls ``open()`` until it succeeds, and again after ``deliver(at:to:)`` threw
/// and ``close()`` was called.
public protocol FrameSource: AnyObject {
    /// The source as the status document shows it; more is known once it has been open.
    var description: SourceDescription { get }
    /// Starts it.
    func open() throws(SourceError) -> OpenedSource
    /// Stops it; may be called while it is not open.
    func close()
    /// Forgets which device was open, so that another one may be used.
    func forget()

    /// Readable when a picture is available; nil for a source driven by the clock, and while it is closed.
    var descriptor: CInt? { get }
    /// When the next picture is due; nil for a source that is not driven by the clock.
    var nextFrameTime: Instant? { get }
    /// Passes the newest picture to `pipeline`, if there is one.
    func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError)

    /// Why the source itself reports that its pictures show nothing; nil if it has a signal.
    var signalLoss: SourceError? { get }

    /// The folder whose changes matter to the source; nil if there is none. It never changes.
    var watched: WatchedFolder? { get }
    /// Handles changed entries of ``watched``; returns whether another attempt to open may succeed now.
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

/// A folder to watch and the kinds of changes that matter.
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
    /// In pixels, before the picture is turned; 0 if each picture has its own size.
    public var width: Int
    public var height: Int
    /// The frame rate that the source agreed to; nil if it does not report one.
    public var framesPerSecond: Double?
    /// Notes for the person who runs the program, one sentence each.
    public var notes: [String]

    public init(width: Int, height: Int, framesPerSecond: Double?, notes: [String] = []) {
        self.width = width
        self.height = height
        self.framesPerSecond = framesPerSecond
        self.notes = notes
    }

    /// A line for the log, such as `/dev/video0 (HD Pro Webcam C920, MJPG, 1280x720 at 30 frames/s)`.
    func summary(of source: SourceDescription) -> String {
        let size = width > 0 ? ", \(width)x\(height)" : ""
        let rate = framesPerSecond.flatMap { Self.text(ofRate: $0) }.map { " at \($0) frames/s" } ?? ""
        return "\(source.device) (\(source.name), \(source.format)\(size)\(rate))"
    }

    /// Up to two decimals: `30`, `29.97`; nil if `rate` is not a frame rate.
    private static func text(ofRate rate: Double) -> String? {
        guard (0.001...1000).contains(rate) else { return nil }
        let hundredths = Int((rate * 100).rounded())
        let (whole, rest) = (hundredths / 100, hundredths % 100)
        if rest == 0 { return "\(whole)" }
        return rest % 10 == 0 ? "\(whole).\(rest / 10)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

/// The pictures that a source has counted since the last call.
public struct SourceCounts: Equatable, Sendable {
    /// Delivered by the device, whole or not.
    public var delivered = 0
    /// Of these: marked as damaged by the driver.
    public var flagged = 0
    /// Of these: without any bytes.
    public var empty = 0
    /// Of these: with fewer bytes than a whole picture.
    public var truncated = 0
    /// Of these: whole, but dropped for a newer one.
    public var stale = 0
    /// Never delivered: gaps in the device's sequence numbers.
    public var missed = 0

    public init() {}
}

/// Is notified when a session's source opens and closes.
public protocol SourceObserver: AnyObject {
    func sourceDidOpen(_ source: any FrameSource, _ opened: OpenedSource)
    /// `reason` is a sentence.
    func sourceDidClose(_ reason: String)
}
