import Detection
import Linux
import Names
import SharedFrame

/// A detection result with its picture.
final class StoredResult {
    /// The ID in URLs: a sequence number and a random part that nobody can guess, since an uploaded picture may be
    /// private.
    let id: String
    let camera: CameraName?
    /// Nil for an uploaded picture.
    let frame: FrameDescription?
    let detection: Detection
    /// When the picture was captured, or uploaded.
    let time: CaptureTime
    /// When the result was created.
    let made: Instant
    private let picture: Storage
    let byteCount: Int

    // Large pictures are stored outside the heap, which would be fragmented by data kept for a minute.
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

    /// Returns the processed picture.
    func jpeg() throws(SystemError) -> [UInt8] {
        switch picture {
        case .file(let file): try file.contents()
        case .array(let bytes): bytes
        }
    }
}

/// Recent results, kept for at least a minute if they fit.
///
/// Used only on the event loop.
final class ResultStore {
    private struct Entry {
        let result: StoredResult
        /// Whether it is guaranteed to be kept for ``Limit/storeTime``.
        let isSafe: Bool
    }

    private var entries: [Entry] = []
    private(set) var byteCount = 0
    private var safeByteCount = 0
    /// Increases with each result and, since it starts with the time, across restarts.
    private var sequence = Clock.realtime / 1_000_000

    var count: Int { entries.count }

    /// Returns a new ID.
    func makeID() -> String {
        sequence += 1
        return "\(sequence)-" + String(UInt64.random(in: 0...(.max)), radix: 36)
    }

    /// Stores a result if its picture fits: for at least a minute, or if there are too many, as long as possible.
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

    /// Returns the stored result for a frame, if any.
    func result(of camera: CameraName, number: UInt64) -> StoredResult? {
        entries.last { $0.result.camera == camera && $0.result.frame?.number == number }?.result
    }

    /// Returns the stored result with this ID, if any.
    func result(_ id: String) -> StoredResult? { entries.last { $0.result.id == id }?.result }

    /// Whether a result with this ID may have existed.
    func mayHaveHad(_ id: String) -> Bool {
        guard let number = id.split(separator: "-").first.flatMap({ UInt64($0) }) else { return false }
        return number <= sequence
    }

    /// Returns the minimum time for which a result will be kept from now on, or nil if it is not stored.
    func time(of result: StoredResult, now: Instant) -> Duration? {
        guard let entry = entries.last(where: { $0.result === result }) else { return nil }
        guard entry.isSafe else { return .zero }
        return max(.zero, Limit.storeTime - result.made.age(at: now))
    }

    /// Removes matching results, oldest first, until none matches.
    private func drop(where mustGo: (Entry) -> Bool) {
        while let index = entries.firstIndex(where: mustGo) {
            let entry = entries.remove(at: index)
            byteCount -= entry.result.byteCount
            if entry.isSafe { safeByteCount -= entry.result.byteCount }
        }
    }
}
