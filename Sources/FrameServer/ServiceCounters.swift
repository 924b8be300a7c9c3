import Linux
import Names
import SharedFrame
import SystemPackage

/// What the workers of a service have counted, each in a slot of one file, so that any of them can tell it all.
///
/// A slot belongs to the worker that holds the lock on the byte of its number, and counts only while it is held: the
/// kernel drops the lock of a worker that dies. Words of a slot: requests, refusals, then for each camera its name in
/// four words and its counts.
final class ServiceCounters {
    private enum Layout {
        static let slotCount = 32
        static let cameraCount = 64
        static let headWordCount = 8
        static let nameWordCount = 4
        static let cameraWordCount = 16
        static let slotWordCount = headWordCount + cameraCount * cameraWordCount
        static let wordCount = slotCount * slotWordCount
    }

    private let words: SharedCounters
    private let slot: Int
    /// The service's name.
    let name: String

    /// Takes a free slot of the service's file, or words of its own without a folder.
    init(_ configuration: FrameServerConfiguration) throws {
        let words: SharedCounters
        if let folder = configuration.runtimeDirectory {
            let path = folder.appending("\(configuration.service).stats")
            do throws(SystemError) {
                words = try SharedCounters(path: path, count: Layout.wordCount)
            } catch {
                throw Unusable(path: path, errno: error.errno)
            }
        } else {
            words = try SharedCounters(privateCount: Layout.wordCount)
        }
        var slot = 0
        while try !FileLock.tryLock(words.descriptor, byte: slot, .exclusive) {
            slot += 1
            guard slot < Layout.slotCount else { throw SlotsTaken(count: Layout.slotCount) }
        }
        for index in 0..<Layout.slotWordCount { words[slot * Layout.slotWordCount + index] = 0 }
        self.words = words
        self.slot = slot
        name = configuration.service
    }

    deinit {
        // The lock would outlive the descriptor for as long as the mapping lives.
        FileLock.unlock(words.descriptor, byte: slot)
    }

    struct SlotsTaken: Error, CustomStringConvertible {
        let count: Int
        var description: String { "\(count) workers of this service run already, which is the most that can" }
    }

    struct Unusable: Error, CustomStringConvertible {
        let path: FilePath
        let errno: Errno
        var description: String {
            "the file of counters \(path) cannot be made (\(errno)): make its folder writable or set ORIEL_RUNTIME_DIR"
        }
    }

    // MARK: This worker's

    /// Notes that a request has come.
    func countRequest() { words[base] += 1 }

    /// Notes that a connection or a request was turned away.
    func countRefusal() { words[base + 1] += 1 }

    /// Writes down a camera's counts.
    func update(_ camera: Camera) {
        let name = Self.words(of: camera.name)
        for index in 0..<Layout.cameraCount {
            let start = cameraBase(slot, index)
            if words[start] == 0 {
                for (offset, word) in name.enumerated().reversed() { words[start + offset] = word }
            }
            guard isName(name, at: start) else { continue }
            let counts = camera.counts
            let values = [counts.viewers, counts.streams, counts.frames, counts.bytes, counts.snapshots]
            for (offset, value) in values.enumerated() { words[start + Layout.nameWordCount + offset] = value }
            return
        }
    }

    // MARK: All workers'

    /// The counts of a camera in all workers that live.
    func total(of camera: CameraName) -> StreamCounts {
        let name = Self.words(of: camera)
        var total = StreamCounts()
        for slot in 0..<Layout.slotCount where isAlive(slot) {
            for index in 0..<Layout.cameraCount {
                let start = cameraBase(slot, index)
                if words[start] == 0 { break }
                guard isName(name, at: start) else { continue }
                let values = start + Layout.nameWordCount
                total.viewers += words[values]
                total.streams += words[values + 1]
                total.frames += words[values + 2]
                total.bytes += words[values + 3]
                total.snapshots += words[values + 4]
            }
        }
        return total
    }

    /// Workers that live, the requests that they have taken, and those that they have turned away.
    var summary: (workers: Int, requests: UInt64, refusals: UInt64) {
        var summary = (workers: 0, requests: UInt64(0), refusals: UInt64(0))
        for slot in 0..<Layout.slotCount where isAlive(slot) {
            summary.workers += 1
            summary.requests += words[slot * Layout.slotWordCount]
            summary.refusals += words[slot * Layout.slotWordCount + 1]
        }
        return summary
    }

    private var base: Int { slot * Layout.slotWordCount }

    private func isAlive(_ other: Int) -> Bool {
        other == slot || FileLock.isTaken(words.descriptor, byte: other, against: .exclusive)
    }

    private func cameraBase(_ slot: Int, _ index: Int) -> Int {
        slot * Layout.slotWordCount + Layout.headWordCount + index * Layout.cameraWordCount
    }

    private func isName(_ name: [UInt64], at start: Int) -> Bool {
        name.enumerated().allSatisfy { words[start + $0.offset] == $0.element }
    }

    /// A name of up to 32 bytes, zeros behind it.
    private static func words(of name: CameraName) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: Layout.nameWordCount)
        for (index, byte) in name.text.utf8.enumerated() { words[index / 8] |= UInt64(byte) << (index % 8 * 8) }
        return words
    }
}
