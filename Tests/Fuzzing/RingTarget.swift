import EventLoop
import Glibc
import JSON
import Linux
import Names
import SystemPackage

import Cameras
import Service
import Web

@testable import FrameServer
@testable import SharedFrame

/// Readers of a ring, and a writer that takes it over, with any object under its name.
enum RingTarget {
    private static let name: RingName = {
        guard let prefix = SystemPrefix("orielfuzz\(getpid())") else { fatalError("not a prefix") }
        let name = RingName(prefix: prefix, camera: .main, kind: .capture)
        // However libFuzzer exits.
        atexit { RingTarget.removeObject() }
        return name
    }()

    /// The reader for all inputs, since closing its inotify descriptor takes milliseconds.
    ///
    /// `@unchecked Sendable`: libFuzzer uses one thread.
    private final class Reader: @unchecked Sendable {
        let counters: ServiceCounters
        let subscriber: FrameSubscriber

        init() {
            guard let counters = try? ServiceCounters(WorkerConfiguration(service: "fuzz")),
                let subscriber = try? FrameSubscriber(name)
            else { fatalError("no descriptors") }
            self.counters = counters
            self.subscriber = subscriber
        }
    }

    private static let reader = Reader()

    static func run(_ input: Input) {
        var input = input
        let flags = input.byte()
        let object = RingContent(&input, isRaw: flags & 1 == 1, slotCount: 2 + Int(flags >> 1 & 1))
        write(object.bytes)
        read(object)
        if flags & 4 != 0 {
            truncate(to: object.truncatedByteCount)
            read(nil)
        }
        if flags & 8 != 0 { takeOver(slotByteCount: object.truncatedByteCount) }
        forget()
    }

    // MARK: The object

    fileprivate static func removeObject() {
        _ = unsafe name.path.withPlatformString { unsafe unlink($0) }
    }

    private static func write(_ bytes: [UInt8]) {
        guard let file = try? Descriptor(opening: name.path, flags: O_RDWR | O_CREAT, mode: 0o640) else {
            fatalError("no shared memory")
        }
        let written = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file.number, $0.baseAddress, $0.count) }
        check(written == bytes.count, "shared memory takes the object")
    }

    private static func truncate(to byteCount: Int) {
        _ = unsafe name.path.withPlatformString { unsafe Glibc.truncate($0, off_t(byteCount)) }
    }

    /// Makes the reader release the object, which is then removed.
    private static func forget() {
        truncate(to: 0)
        _ = reader.subscriber.copyNewestFrame()
        removeObject()
    }

    // MARK: Readers

    /// `object` is nil if it may have changed since.
    private static func read(_ object: RingContent?) {
        let subscriber = reader.subscriber
        let frame = subscriber.copyNewestFrame()
        if let frame { examine(frame, object) }
        if let frame, let again = subscriber.copyFrame(number: frame.description.number) { examine(again, object) }
        for number in [0, frame?.description.number ?? 1] { _ = subscriber.wait(newerThan: number, milliseconds: 0) }
        let now = Instant.now
        let report = Report(reader.counters.totals(), name: "fuzz", now: now)
        let source = CameraSource(name: name.camera, content: .ring(subscriber))
        let document = report.status(of: source).text
        check(JSON(Array(document.utf8)) != nil, "the status is JSON: \(document)")
        for kind in [Report.Kind.status, .health, .metrics] { _ = report.response(kind, of: [source]) }
        guard let status = subscriber.status else {
            check(frame == nil, "a ring with a frame has a status")
            return
        }
        _ = Outage.final(status, refusal: subscriber.refusal, kind: .capture, now: now)
        for query in ["", "after=5", "max_age=1000"] {
            let request = try? SnapshotRequest(Query(query), ifNoneMatch: nil, now: now)
            _ = request?.isSatisfied(by: status, now: now)
        }
    }

    private static func examine(_ frame: Frame, _ object: RingContent?) {
        check(frame.bytes.count == frame.description.byteCount && !frame.bytes.isEmpty, "as long as it says")
        guard let object, !object.isRaw else { return }
        check(frame.bytes.count <= object.geometry.slotByteCount, "no longer than a slot")
        let isThere = (0..<object.geometry.slotCount).contains { index in
            let start = object.geometry.offset(ofSlot: index) + RingLayout.slotHeaderByteCount
            return object.bytes[start...].starts(with: frame.bytes)
        }
        check(isThere, "a frame matches a slot")
    }

    // MARK: A writer

    private static func takeOver(slotByteCount: Int) {
        let source = SourceDescription(kind: "pattern", device: "fuzz")
        guard let publisher = try? FramePublisher(name, slotByteCount: slotByteCount, source: source) else { return }
        let subscriber = reader.subscriber
        for byteCount in [1, 5000] {
            let bytes = [UInt8](repeating: UInt8(byteCount & 0xff), count: byteCount)
            let published = bytes.withRawSpan {
                try? publisher.publish($0, capture: .now(), width: 1, height: 1)
            }
            guard let published else { fatalError("a ring that was taken over takes no frame") }
            // A reader that has not waited learns here that there may be another object.
            check(subscriber.status?.isWriterAlive == true, "its readers see that there is a writer")
            let frame = subscriber.copyNewestFrame()
            check(frame?.bytes == bytes, "the frame that was published is the newest")
            check(frame?.description.number == published, "it has the number that was said")
            check(published < 1 << 53, "the number is one that JSON holds: \(published)")
        }
        publisher.setState(.live, reason: "")
        check((try? publisher.heartbeat()) != nil, "a ring that was taken over has a heartbeat")
        check(subscriber.status?.state == .live, "its readers see that all is well")
        // `forget` needs the name.
        publisher.setState(.stopped, reason: "")
        check(subscriber.status?.state == .stopped, "its readers see that it has ended")
        forget()
    }
}
