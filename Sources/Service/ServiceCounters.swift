import Daemon
import Linux
public import Names
import SystemPackage
public import Web

/// The counters of a service's workers.
///
/// Each worker has a slot in a file that all of them share, so that any worker can report the totals. A slot belongs to
/// the worker that holds the lock on the file's byte with the same index. It is valid only while that lock is held,
/// and the kernel releases the lock when the worker dies.
///
/// A slot consists of a head (requests, refusals, number of rows in use) and of rows, one for each camera. A row has
/// four words for the camera's name and twelve for its counts.
///
/// The type is Sendable because all shared words are atomic. Only one thread may write this worker's slot.
public final class ServiceCounters: Sendable {
    private enum Layout {
        static let slotCount = 32
        static let rowCount = 1024
        static let headWordCount = 8
        static let nameWordCount = 4
        static let valueCount = 12
        static let rowWordCount = nameWordCount + valueCount
        static let slotWordCount = headWordCount + rowCount * rowWordCount
        static let requests = 0
        static let refusals = 1
        static let usedRows = 2
    }

    /// The maximum number of counts per camera.
    public static let maximumValueCount = Layout.valueCount

    private let words: SharedCounters
    private let slot: Int
    /// The service's name.
    public let name: String

    /// Takes a free slot of the service's file.
    ///
    /// If no folder is configured, only this process can read the counters.
    ///
    /// Throws a `Failure` with status 69 if all slots are taken, or 73 if the file cannot be created.
    public init(_ configuration: WorkerConfiguration) throws {
        let words: SharedCounters
        if let folder = configuration.runtimeFolder {
            let path = folder.appending("\(configuration.service).counters")
            do throws(SystemError) {
                words = try SharedCounters(path: path, count: Layout.slotCount * Layout.slotWordCount)
            } catch {
                throw Failure(
                    .cannotCreate,
                    "cannot create the counter file \(path) (\(error.errno)): make its folder writable, or set "
                        + "ORIEL_RUNTIME_DIR")
            }
        } else {
            words = try SharedCounters(privateCount: Layout.slotCount * Layout.slotWordCount)
        }
        var slot = 0
        while try !FileLock.tryLock(words.descriptor, byte: slot, .exclusive) {
            slot += 1
            guard slot < Layout.slotCount else {
                throw Failure(
                    .unavailable,
                    "\(Layout.slotCount) workers of this service are already running, which is the maximum")
            }
        }
        let base = slot * Layout.slotWordCount
        let used = min(Int(clamping: words[base + Layout.usedRows]), Layout.rowCount)
        for index in 0..<(Layout.headWordCount + used * Layout.rowWordCount) { words[base + index] = 0 }
        self.words = words
        self.slot = slot
        name = configuration.service
    }

    deinit {
        // The mapping keeps the file open, so closing the descriptor would not release the lock.
        FileLock.unlock(words.descriptor, byte: slot)
    }

    // MARK: This worker

    /// A camera's row in this worker's slot.
    public struct Row: Sendable {
        fileprivate let start: Int
    }

    /// Counts a request.
    public func countRequest() { words[base + Layout.requests] += 1 }

    /// Counts a refused connection or request.
    public func countRefusal() { words[base + Layout.refusals] += 1 }

    /// Reserves a row for a camera; returns nil if all 1024 rows are in use.
    public func addRow(_ camera: CameraName) -> Row? {
        for index in 0..<Layout.rowCount {
            let start = rowStart(slot, index)
            guard words[start] == 0 else { continue }
            for offset in Layout.nameWordCount..<Layout.rowWordCount { words[start + offset] = 0 }
            // The first word is written last, because a row counts as complete when that word is not 0.
            for (offset, word) in Self.words(of: camera).enumerated().reversed() { words[start + offset] = word }
            if index >= Int(clamping: words[base + Layout.usedRows]) {
                words[base + Layout.usedRows] = UInt64(index + 1)
            }
            return Row(start: start)
        }
        return nil
    }

    /// Frees a camera's row.
    public func remove(_ row: Row) { words[row.start] = 0 }

    /// Writes a camera's counts; values after the first ``maximumValueCount`` are ignored.
    public func set(_ row: Row, _ values: [UInt64]) {
        for (offset, value) in values.prefix(Layout.valueCount).enumerated() {
            words[row.start + Layout.nameWordCount + offset] = value
        }
    }

    // MARK: All workers

    /// The sums of the counters of all running workers.
    public struct Totals: Sendable {
        public internal(set) var workers = 0
        public internal(set) var requests: UInt64 = 0
        public internal(set) var refusals: UInt64 = 0
        /// ``maximumValueCount`` values per camera.
        public internal(set) var cameras: [CameraName: [UInt64]] = [:]

        /// A camera's counts, which are 0 if no worker has counted anything for it.
        public subscript(camera: CameraName) -> [UInt64] {
            cameras[camera] ?? [UInt64](repeating: 0, count: Layout.valueCount)
        }
    }

    /// Returns the sums of the counters of all running workers, for all cameras or only for `camera`.
    public func totals(of camera: CameraName? = nil) -> Totals {
        var totals = Totals()
        for slot in 0..<Layout.slotCount where isAlive(slot) {
            let base = slot * Layout.slotWordCount
            totals.workers += 1
            totals.requests &+= words[base + Layout.requests]
            totals.refusals &+= words[base + Layout.refusals]
            let used = min(Int(clamping: words[base + Layout.usedRows]), Layout.rowCount)
            for index in 0..<used {
                let start = rowStart(slot, index)
                guard words[start] != 0, let name = cameraName(at: start), camera ?? name == name else { continue }
                var values = totals[name]
                for offset in 0..<Layout.valueCount { values[offset] &+= words[start + Layout.nameWordCount + offset] }
                totals.cameras[name] = values
            }
        }
        return totals
    }

    private var base: Int { slot * Layout.slotWordCount }

    private func isAlive(_ other: Int) -> Bool {
        other == slot || FileLock.isTaken(words.descriptor, byte: other, against: .exclusive)
    }

    private func rowStart(_ slot: Int, _ index: Int) -> Int {
        slot * Layout.slotWordCount + Layout.headWordCount + index * Layout.rowWordCount
    }

    /// Returns the bytes of the name, padded with zeros to 32 bytes, as four words.
    private static func words(of name: CameraName) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: Layout.nameWordCount)
        for (index, byte) in name.text.utf8.enumerated() { words[index / 8] |= UInt64(byte) << (index % 8 * 8) }
        return words
    }

    private func cameraName(at start: Int) -> CameraName? {
        var bytes: [UInt8] = []
        for offset in 0..<Layout.nameWordCount {
            let word = words[start + offset]
            for shift in stride(from: 0, to: 64, by: 8) {
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(shift))
                if byte == 0 { return CameraName(String(decoding: bytes, as: UTF8.self)) }
                bytes.append(byte)
            }
        }
        return CameraName(String(decoding: bytes, as: UTF8.self))
    }
}

extension MetricsText {
    /// Adds the metrics that all kinds of workers have, from the `totals` of the service `name`.
    public mutating func addWorkerMetrics(of name: String, _ totals: ServiceCounters.Totals) {
        family("oriel_build_info", .gauge, "The version of the running program.")
        sample("oriel_build_info", [("version", orielVersion), ("service", name)], 1)
        family("oriel_workers", .gauge, "Number of running workers of this service.")
        sample("oriel_workers", [], Double(totals.workers))
        family("oriel_requests_total", .counter, "Requests accepted by the running workers.")
        sample("oriel_requests_total", [], Double(totals.requests))
        family("oriel_requests_refused_total", .counter, "Connections and streams refused.")
        sample("oriel_requests_refused_total", [], Double(totals.refusals))
    }
}
