import Linux
import SharedFrame
import SystemPackage
import Video4Linux

/// Where pictures come from: a camera, the pattern, a folder.
///
/// One thread uses it. ``open()`` is called again and again until it succeeds, and again after ``deliver(at:to:)`` has
/// thrown and ``close()`` was called.
protocol FrameSource: AnyObject {
    /// What status shows of it; better known once it was open.
    var description: SourceDescription { get }
    /// Makes it deliver.
    func open() throws(SourceTrouble) -> OpenedSource
    func close()
    /// Lets go of what it knows of the source that it had: another one may take its place.
    func forget()

    /// Readable when a picture is there; nil for a source that goes by the clock.
    var descriptor: CInt? { get }
    /// When (CLOCK_MONOTONIC, nanoseconds) the next picture is due, for a source that goes by the clock.
    var nextFrameTime: UInt64? { get }
    /// Hands the newest picture to `pipeline`, if there is one.
    func deliver(at now: UInt64, to pipeline: FramePipeline) throws(SourceTrouble)

    /// What it says itself of why there is no picture in what it sends, if it sends anything; nil while all is well.
    var lack: SourceTrouble? { get }

    /// The controls of the camera that is open; nil where there are none.
    var controls: ControlAccess? { get }

    /// The folder whose changes matter to it, and which.
    var watched: WatchedFolder? { get }
    /// Whether it has changed in a way that makes another attempt worthwhile at once.
    func entriesChanged(_ names: Set<String>) -> Bool
}

extension FrameSource {
    var controls: ControlAccess? { nil }
}

/// A folder to be told about.
struct WatchedFolder: Equatable {
    let path: FilePath
    let mask: Inotify.Mask
}

/// What an open source is like.
struct OpenedSource: Equatable {
    /// Pixels, before they are turned; 0 where each picture has its own size.
    var width: Int
    var height: Int
    /// Frames per second as the source has agreed to; nil where it does not tell.
    var framesPerSecond: Double?
    /// What the person who runs the program should know, a sentence each.
    var notes: [String] = []

    /// A line for the log, such as `/dev/video0 (HD Pro Webcam C920, MJPG, 1280x720 at 30 frames/s)`.
    func summary(of source: SourceDescription) -> String {
        let size = width > 0 ? ", \(width)x\(height)" : ""
        let rate = framesPerSecond.flatMap { FrameRate($0) }.map { " at \($0) frames/s" } ?? ""
        return "\(source.device) (\(source.name), \(source.format)\(size)\(rate))"
    }
}
