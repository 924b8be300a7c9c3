import Glibc
public import Linux
public import SharedFrame
public import SystemPackage

/// A source that plays a folder of JPEGs in a loop, in the order of their names.
///
/// Unless pictures are turned, the files are published unchanged. The folder is read again when its contents change.
/// Names that begin with a dot are ignored. While a file is being rewritten, its last complete picture is shown.
public final class FolderSource: FrameSource {
    public let description: SourceDescription
    private let path: FilePath
    private let framesPerSecond: Double
    private var schedule: FrameSchedule
    private var names: [String] = []
    /// The index in ``names`` of the next picture.
    private var next = 0
    /// Whether the folder must be read again.
    private var isStale = false
    /// The number of consecutive files that could not be shown.
    private var failures = 0
    /// The last picture that could be shown, and the name of its file.
    private var lastWhole: (name: String, bytes: [UInt8])?
    /// When the file of ``lastWhole`` was first found to be unusable; nil while the file can be shown.
    private var truncatedSince: Instant?
    /// The longest time that rewriting a file may take.
    ///
    /// After that, the file counts as damaged.
    private static let rewriteTimeout = Duration.seconds(10)

    /// Plays the folder at `path`, which need not exist yet; `framesPerSecond` is above 0.
    public init(_ path: FilePath, framesPerSecond: Double) {
        self.path = path
        self.framesPerSecond = framesPerSecond
        schedule = FrameSchedule(framesPerSecond: framesPerSecond)
        description = SourceDescription(
            kind: "folder", device: "\(path)", name: path.lastComponent?.string ?? "", format: "JPEG")
    }

    public var nextFrameTime: Instant? { schedule.due }
    public var watched: WatchedFolder? {
        WatchedFolder(path: path, mask: [.closedAfterWriting, .movedIn, .movedOut, .deleted, .attributes])
    }

    public func entriesChanged(_ names: Set<String>) -> Bool {
        isStale = true
        return true
    }

    public func open() throws(SourceError) -> OpenedSource {
        try readNames()
        schedule.begin(at: .now)
        return OpenedSource(width: 0, height: 0, framesPerSecond: framesPerSecond)
    }

    public func close() {
        lastWhole = nil
        truncatedSince = nil
        names = []
        next = 0
    }

    public func deliver(at now: Instant, to pipeline: FramePipeline) throws(SourceError) {
        guard schedule.take(at: now) else { return }
        if isStale { try readNames() }
        guard let name = nextName() else { throw empty() }
        pipeline.countCaptured()
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.contents(of: path.appending(name))
        } catch {
            pipeline.refuse(.other, "\(error.errno)")
            return try skip(name, "\(error.errno)")
        }
        guard pipeline.admits(now, isRaw: false) else { return }
        if try publish(bytes, at: now, to: pipeline) {
            failures = 0
            truncatedSince = nil
            lastWhole = (name, bytes)
            return
        }
        let reason = pipeline.lastRefusal ?? "it cannot be shown"
        guard let lastWhole, lastWhole.name == name, isBeingRewritten(at: now) else { return try skip(name, reason) }
        _ = try publish(lastWhole.bytes, at: now, to: pipeline)
    }

    private func publish(_ bytes: [UInt8], at now: Instant, to pipeline: FramePipeline) throws(SourceError) -> Bool {
        try bytes.withRawSpan { (span) throws(SourceError) in
            try pipeline.publish(file: span, CaptureTime(monotonic: now.nanoseconds))
        }
    }

    /// Returns whether the file of ``lastWhole``, which cannot be shown now, is probably being rewritten.
    ///
    /// This is assumed for 10 seconds after the file was first found to be unusable.
    private func isBeingRewritten(at now: Instant) -> Bool {
        let since = truncatedSince ?? now
        truncatedSince = since
        return now - since < Self.rewriteTimeout
    }

    /// Skips a file that cannot be shown; throws if no file in the folder can be shown.
    private func skip(_ name: String, _ reason: String) throws(SourceError) {
        failures += 1
        guard failures >= names.count else { return }
        throw SourceError(.waiting, "no file in \(path) can be shown (\(name): \(reason)): put JPEGs there")
    }

    private func nextName() -> String? {
        guard !names.isEmpty else { return nil }
        if next >= names.count { next = 0 }
        defer { next += 1 }
        return names[next]
    }

    /// Reads the names in the folder; the next picture is the first one whose name comes after the last picture's name.
    private func readNames() throws(SourceError) {
        let last = next > 0 && next <= names.count ? names[next - 1] : nil
        isStale = false
        failures = 0
        names = Folder.names(in: path).filter(Self.isPicture).sorted(by: Self.comesBefore)
        if names.isEmpty { throw empty() }
        next = last.flatMap { last in names.firstIndex { Self.comesBefore(last, $0) } } ?? 0
    }

    static func isPicture(_ name: String) -> Bool {
        let lowercase = name.lowercased()
        return !name.hasPrefix(".") && [".jpg", ".jpeg"].contains { lowercase.hasSuffix($0) }
    }

    /// Compares names byte by byte, so that `a10.jpg` comes before `a2.jpg`.
    static func comesBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// Returns the error that says why there is nothing to play.
    private func empty() -> SourceError {
        do throws(SystemError) {
            guard try FileStatus(at: path).kind == .folder else {
                return SourceError(.waiting, "\(path) is not a folder: put a folder of JPEGs there")
            }
            _ = try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
            return SourceError(.waiting, "\(path) contains no JPEG (*.jpg, *.jpeg): add some")
        } catch {
            return SourceError(.waiting, "\(path) cannot be read (\(error.errno)): put a folder of JPEGs there")
        }
    }
}
