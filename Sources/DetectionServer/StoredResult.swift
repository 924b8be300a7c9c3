import Detection
import Linux
import Names
import SharedFrame

/// What was found in one picture, and the picture.
final class StoredResult {
    /// How the result is called in addresses: a rising number, and digits that nobody can guess, since who asks may
    /// have sent a picture that is nobody else's business.
    let id: String
    let camera: CameraName?
    /// nil: the picture came with the request.
    let frame: FrameDescription?
    let detection: Detection
    /// When the picture was taken, or came.
    let time: CaptureTime
    /// When the result was made.
    let made: Instant
    private let picture: Storage
    let byteCount: Int

    // All but small pictures lie outside of the heap, where what is kept for a minute would leave holes.
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
            return .array(picture)  // where there are no more descriptors
        }
    }

    /// The picture's bytes, as they were looked at.
    func jpeg() throws(SystemError) -> [UInt8] {
        switch picture {
        case .file(let file): try file.contents()
        case .array(let bytes): bytes
        }
    }
}

/// The results of the last time: at least a minute's, as far as they fit.
///
/// The loop's alone.
final class ResultStore {
    private struct Entry {
        let result: StoredResult
        /// Kept for ``Limit/storeTime`` whatever comes.
        let isSafe: Bool
    }

    private var entries: [Entry] = []
    private(set) var byteCount = 0
    private var safeByteCount = 0
    /// Rises from result to result and, starting with the time, from run to run.
    private var sequence = Clock.realtime / 1_000_000

    var count: Int { entries.count }

    /// The name of the next result.
    func makeID() -> String {
        sequence += 1
        return "\(sequence)-" + String(UInt64.random(in: 0...(.max)), radix: 36)
    }

    /// Keeps a result, if its picture fits: for at least a minute, or when there are too many, as long as it can.
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

    /// The result of a frame, if it is kept.
    func result(of camera: CameraName, number: UInt64) -> StoredResult? {
        entries.last { $0.result.camera == camera && $0.result.frame?.number == number }?.result
    }

    /// The result of that name, if it is kept.
    func result(_ id: String) -> StoredResult? { entries.last { $0.result.id == id }?.result }

    /// Whether there may have been a result of that name.
    func mayHaveHad(_ id: String) -> Bool {
        guard let number = id.split(separator: "-").first.flatMap({ UInt64($0) }) else { return false }
        return number <= sequence
    }

    /// For how long at least a result is kept from now on; nil if it is not kept.
    func time(of result: StoredResult, now: Instant) -> Duration? {
        guard let entry = entries.last(where: { $0.result === result }) else { return nil }
        guard entry.isSafe else { return .zero }
        return max(.zero, Limit.storeTime - result.made.age(at: now))
    }

    /// Forgets results for as long as the oldest of them shall go.
    private func drop(while isUnwanted: (Entry) -> Bool) {
        while let index = entries.firstIndex(where: isUnwanted) {
            let entry = entries.remove(at: index)
            byteCount -= entry.result.byteCount
            if entry.isSafe { safeByteCount -= entry.result.byteCount }
        }
    }
}
