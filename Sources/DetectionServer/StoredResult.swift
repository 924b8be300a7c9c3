import Detection
import Linux
import Names
import SharedFrame

/// A detection result with its picture.
final class StoredResult {
    /// The ID in URLs, which consists of a sequence number and a random part.
    ///
    /// The random part prevents others from guessing the URL of an uploaded picture, which may be private.
    let id: String
    /// The camera that captured the picture; nil for an uploaded picture.
    let camera: CameraName?
    /// The description of the camera's frame; nil for an uploaded picture.
    let frame: FrameDescription?
    let detection: Detection
    /// When the picture was captured or uploaded.
    let time: CaptureTime
    /// When the result was created.
    let made: Instant
    private let picture: Storage
    let byteCount: Int

    // Large pictures are stored outside the heap, because data that is kept for a minute would fragment the heap.
    private enum Storage: ~Copyable {
        case file(MemoryFile)
        case array([UInt8])
    }

    private static let smallByteCount = 8 << 10

    init(
        id: String, camera: CameraName?, frame: FrameDescription?, detection: Detection, picture: [UInt8],
        mayOpenFile: Bool
    ) {
        self.picture = Self.storage(of: picture, mayOpenFile: mayOpenFile)
        byteCount = picture.count
        self.id = id
        self.camera = camera
        self.frame = frame
        self.detection = detection
        time = frame?.capture ?? .now()
        made = .now
    }

    private static func storage(of picture: [UInt8], mayOpenFile: Bool) -> Storage {
        guard mayOpenFile, picture.count > smallByteCount else { return .array(picture) }
        do throws(SystemError) {
            var file = try MemoryFile("detection")
            try file.append(picture)
            return .file(file)
        } catch {
            return .array(picture)  // no descriptor available
        }
    }

    /// Returns the picture in which objects were detected.
    func jpeg() throws(SystemError) -> [UInt8] {
        switch picture {
        case .file(let file): try file.contents()
        case .array(let bytes): bytes
        }
    }
}

/// Stores recent results, for at least a minute if there is room for them.
///
/// Use it only from the thread of the event loop.
final class ResultStore {
    private struct Entry {
        let result: StoredResult
        /// Whether the result is guaranteed to be kept for ``Limit/storeTime``.
        let isSafe: Bool
    }

    private var entries: [Entry] = []
    private(set) var byteCount = 0
    private var safeByteCount = 0
    /// The sequence number of the last result.
    ///
    /// It starts at the current time, so that it also increases when the program restarts.
    private var sequence = Clock.realtime / 1_000_000

    var count: Int { entries.count }

    /// Returns a new ID.
    func makeID() -> String {
        sequence += 1
        return "\(sequence)-" + String(UInt64.random(in: 0...(.max)), radix: 36)
    }

    /// Stores a result, if there is room for its picture.
    ///
    /// The result is kept for at least a minute. If there are too many results for that, it is kept as long as
    /// possible.
    func keep(_ result: StoredResult, now: Instant) {
        drop { now - $0.result.made >= Limit.storeTime && byteCount + result.byteCount > Limit.storeByteCount }
        let isSafe =
            safeByteCount + result.byteCount <= Limit.storeSafeByteCount
            && byteCount + result.byteCount <= Limit.storeByteCount
        drop { !$0.isSafe && byteCount + result.byteCount > Limit.storeByteCount }
        guard byteCount + result.byteCount <= Limit.storeByteCount else { return }
        entries.append(Entry(result: result, isSafe: isSafe))
        byteCount += result.byteCount
        if isSafe { safeByteCount += result.byteCount }
    }

    /// Returns the stored result for a frame; nil if there is none.
    func result(of camera: CameraName, number: UInt64) -> StoredResult? {
        entries.last { $0.result.camera == camera && $0.result.frame?.number == number }?.result
    }

    /// Returns the stored result with this ID; nil if there is none.
    func result(_ id: String) -> StoredResult? { entries.last { $0.result.id == id }?.result }

    /// Returns whether a result with this ID may have existed, according to its sequence number.
    func mayHaveHad(_ id: String) -> Bool {
        guard let number = id.split(separator: "-").first.flatMap({ UInt64($0) }) else { return false }
        return number <= sequence
    }

    /// Returns the minimum time for which a result will still be kept; nil if it is not stored.
    func time(of result: StoredResult, now: Instant) -> Duration? {
        guard let entry = entries.last(where: { $0.result === result }) else { return nil }
        guard entry.isSafe else { return .zero }
        return max(.zero, Limit.storeTime - result.made.age(at: now))
    }

    /// Removes results for which `mustGo` returns true, oldest first, until it returns false for all others.
    private func drop(where mustGo: (Entry) -> Bool) {
        while let index = entries.firstIndex(where: mustGo) {
            let entry = entries.remove(at: index)
            byteCount -= entry.result.byteCount
            if entry.isSafe { safeByteCount -= entry.result.byteCount }
        }
    }
}
