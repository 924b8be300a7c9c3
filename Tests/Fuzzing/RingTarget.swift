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

/// Fuzzes the readers of a ring, and a writer that takes over the ring, with arbitrary content in shared memory.
enum RingTarget {
    private static let name: RingName = {
        guard let prefix = SystemPrefix("orielfuzz\(getpid())") else { fatalError("the prefix is invalid") }
        let name = RingName(prefix: prefix, camera: .main, kind: .capture)
        // Remove the shared memory object whenever libFuzzer exits.
        atexit { RingTarget.removeObject() }
        return name
    }()

    /// A reader that is used for all inputs, since closing its inotify descriptor takes milliseconds.
    ///
    /// `@unchecked Sendable` is safe here, since libFuzzer uses only one thread.
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
        check(written == bytes.count, "the object can be written to shared memory")
    }

    private static func truncate(to byteCount: Int) {
        _ = unsafe name.path.withPlatformString { unsafe Glibc.truncate($0, off_t(byteCount)) }
    }

    /// Makes the reader release the shared memory object, and removes the object.
    private static func forget() {
        truncate(to: 0)
        _ = reader.subscriber.copyNewestFrame()
        removeObject()
    }

    // MARK: Readers

    /// Calls all functions that read the ring.
    ///
    /// `object` is the ring's content, or nil if the content may have changed.
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
        check(
            frame.bytes.count == frame.description.byteCount && !frame.bytes.isEmpty,
            "a frame has the length that its description states")
        guard let object, !object.isRaw else { return }
        check(frame.bytes.count <= object.geometry.slotByteCount, "a frame is not longer than a slot")
        let isThere = (0..<object.geometry.slotCount).contains { index in
            let start = object.geometry.offset(ofSlot: index) + RingLayout.slotHeaderByteCount
            return object.bytes[start...].starts(with: frame.bytes)
        }
        check(isThere, "one of the slots contains the frame's bytes")
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
            guard let published else { fatalError("no frame can be published in a ring that was taken over") }
            // A reader that does not wait on the ring notices a new object when it reads the status.
            check(subscriber.status?.isWriterAlive == true, "readers see that the ring has a writer")
            let frame = subscriber.copyNewestFrame()
            check(frame?.bytes == bytes, "the published frame is the newest")
            check(frame?.description.number == published, "the published frame has the returned number")
            check(published < 1 << 53, "the number can be represented in JSON: \(published)")
        }
        publisher.setState(.live, reason: "")
        check((try? publisher.heartbeat()) != nil, "a ring that was taken over has a heartbeat")
        check(subscriber.status?.state == .live, "readers see that the state is now live")
        // Do not call `publisher.stop`, which would remove the name: `forget` needs the name.
        publisher.setState(.stopped, reason: "")
        check(subscriber.status?.state == .stopped, "readers see that the state is now stopped")
        forget()
    }
}
