public import Linux
public import SharedFrame
public import SystemPackage

/// Where pictures come from: a camera, the pattern, a folder.
///
/// One thread uses it. ``CaptureSession`` calls ``open()`` until it succeeds, and again after ``deliver(at:to:)`` has
/// thrown and ``close()`` was called.
public protocol FrameSource: AnyObject {
    /// What the status document shows of the source; more is known once it was open.
    var description: SourceDescription { get }
    /// Starts it.
    func open() throws(SourceError) -> OpenedSource
    /// Stops it; may be called when it is not open.
    func close()
    /// Forgets which device it had, so that another one may take its place.
    func forget()

    /// Readable when a picture is there; nil for a source that goes by the clock, and while it is closed.
    var descriptor: CInt? { get }
    /// When the next picture is due, for a source that goes by the clock; nil for others.
    var nextFrameTime: Instant? { get }
    /// Passes the newest picture to `pipeline`, if there is one.
    func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError)

    /// Why the source itself says that what it sends shows nothing; nil while all is well.
    var signalLoss: SourceError? { get }

    /// The folder whose changes the source wants to know of; nil if there is none. It never changes.
    var watched: WatchedFolder? { get }
    /// Takes note of changed entries of ``watched``; returns whether another attempt to open may succeed now.
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

/// A folder and the changes in it that matter.
public struct WatchedFolder: Equatable, Sendable {
    public let path: FilePath
    public let mask: Inotify.Mask

    public init(path: FilePath, mask: Inotify.Mask) {
        self.path = path
        self.mask = mask
    }
}

/// What a source delivers once it is open.
public struct OpenedSource: Equatable, Sendable {
    /// Pixels, before the picture is turned; 0 if each picture has its own size.
    public var width: Int
    public var height: Int
    /// Frames per second as the source has agreed to; nil if it does not say.
    public var framesPerSecond: Double?
    /// What the person who runs the program should know, a sentence each.
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

/// Pictures that a source counted since it was last asked.
public struct SourceCounts: Equatable, Sendable {
    /// Delivered by the device, good or bad.
    public var delivered = 0
    /// Of these: marked as damaged by the driver.
    public var flagged = 0
    /// Of these: without a byte.
    public var empty = 0
    /// Of these: with fewer bytes than a picture has.
    public var truncated = 0
    /// Of these: good, but dropped for a newer one.
    public var stale = 0
    /// Never delivered: gaps in the device's numbers.
    public var missed = 0

    public init() {}
}

/// Learns when a session's source opens and closes.
public protocol SourceObserver: AnyObject {
    func sourceDidOpen(_ source: any FrameSource, _ opened: OpenedSource)
    /// `reason` is a sentence.
    func sourceDidClose(_ reason: String)
}
