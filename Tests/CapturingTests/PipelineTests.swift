import Linux
import Logging
import MotionJPEG
import SharedFrame
import TestSupport
import Testing
import TurboJPEG

@testable import Capturing

@Suite("FramePipeline")
struct PipelineTests {
    private let ring = TemporaryRing()
    private let log = RecordedLog()
    private let publisher: FramePublisher
    private let subscriber: FrameSubscriber

    init() throws {
        publisher = try FramePublisher(ring.name, slotByteCount: 65536, source: .test)
        subscriber = try FrameSubscriber(ring.name)
    }

    private func pipeline(_ options: PictureOptions = PictureOptions()) throws -> FramePipeline {
        let log = log
        let pipeline = try FramePipeline(publisher, options, Logger(label: "test") { _ in log.handler })
        pipeline.begin()
        return pipeline
    }

    private func publish(_ bytes: [UInt8], _ pipeline: FramePipeline, isRepaired: Bool = true) throws -> Bool {
        try bytes.withRawSpan { (span) throws(SourceError) in
            try pipeline.publish(jpeg: span, .now(), isRepaired: isRepaired)
        }
    }

    private var newest: [UInt8]? { subscriber.copyNewestFrame()?.bytes }

    @Test("a camera's picture is published unchanged")
    func unchanged() throws {
        #expect(try publish(SampleJPEG.bytes(tag: 1), pipeline()))
        #expect(newest == SampleJPEG.bytes(tag: 1))
        #expect(subscriber.copyNewestFrame()?.description.width == 64)
    }

    @Test("missing tables are added and padding is cut off, for a camera; a file stays unchanged")
    func repair() throws {
        let bare = SampleJPEG.bytes(tag: 1, hasTables: false)
        let raw = bare + [UInt8](repeating: 0, count: 500)
        #expect(try publish(raw, pipeline(), isRepaired: false))
        #expect(newest == raw)
        #expect(try publish(raw, pipeline()))
        var mended = try #require(newest)
        let tables = try #require(mended.firstRange(of: JPEG.standardHuffmanTables))
        mended.removeSubrange(tables)
        #expect(mended == bare)
    }

    @Test(
        "invalid pictures are counted by their defect",
        arguments: [
            ([], DropReason.empty), ([1, 2, 3], .noStart), ([0xff, 0xd8, 0xff, 0xd9], .noFrameHeader),
            (SampleJPEG.bytes(hasEnd: false), .truncated),
        ] as [([UInt8], DropReason)])
    func refused(bytes: [UInt8], reason: DropReason) throws {
        let pipeline = try pipeline()
        #expect(try !publish(bytes, pipeline))
        #expect(newest == nil)
        #expect(try #require(subscriber.status).dropped[reason] == 1)
        #expect(pipeline.lastRefusal != nil)
    }

    @Test("pictures of a camera that never sends the end marker are shown anyway, which is logged once")
    func relaxed() throws {
        let pipeline = try pipeline()
        let published = try (0..<100).count { _ in try publish(SampleJPEG.bytes(hasEnd: false), pipeline) }
        #expect(published == 100 - TruncationRule.minimumCount)
        #expect(log.lines.count == 1)
        #expect(newest == SampleJPEG.bytes(hasEnd: false))
    }

    @Test("a picture larger than the ring's slots makes the ring grow")
    func growth() throws {
        var large = SampleJPEG.bytes(tag: 1)
        large.insert(contentsOf: [UInt8](repeating: 7, count: 300_000), at: large.count - 2)
        #expect(try publish(large, pipeline()))
        #expect(newest == large)
    }

    @Test("the first pictures of a camera that starts dark are dropped, after each start")
    func warmUp() throws {
        let pipeline = try pipeline(PictureOptions(warmUpFrameCount: 3))
        let admitted = (0..<6).map { pipeline.admits(Instant(nanoseconds: UInt64($0) * 50_000_000), isRaw: false) }
        #expect(admitted == [false, false, false, true, true, true])
        pipeline.begin()
        #expect(!pipeline.admits(Instant(nanoseconds: 1_000_000_000), isRaw: false))
    }

    @Test("raw pictures are encoded once a second while nobody watches, and from the next one on for a viewer")
    func demand() throws {
        let pipeline = try pipeline()
        let pixels = [UInt8](repeating: 128, count: 64 * 48 * 2)
        let format = RawFormat(layout: .yuyv, width: 64, height: 48, bytesPerLine: 128)
        func offer(_ milliseconds: UInt64) throws -> Bool {
            let time = 1_000_000_000_000 + milliseconds * 1_000_000
            guard pipeline.admits(Instant(nanoseconds: time), isRaw: true) else { return false }
            return try pixels.withRawSpan { (span) throws(SourceError) in
                try pipeline.publish(pixels: span, format, CaptureTime(monotonic: time, realtime: time))
            }
        }
        let unwatched = try stride(from: 0, to: 3000, by: 40).filter { try offer($0) }
        #expect(unwatched == [0, 1000, 2000])
        #expect(subscriber.status != nil)
        subscriber.takeInterest()
        let watched = try stride(from: 3000, to: 3400, by: 40).filter { try offer($0) }
        #expect(watched.count == 10)
        subscriber.dropInterest()
        let again = try stride(from: 3400, to: 5400, by: 40).filter { try offer($0) }
        #expect(again == [4360, 5360])
        let status = try #require(subscriber.status)
        #expect(status.encodedFrames == 15)
        #expect(status.encodeNanoseconds > 0)
    }

    @Test("a picture is turned without loss: twice half a turn is the same pixels")
    func turned() throws {
        var encoder = try JPEGEncoder(quality: 90)
        let pixels = (0..<64 * 48 * 3).map { UInt8(truncatingIfNeeded: $0 / 3 % 64 * 3 + $0 % 3 * 40) }
        var jpeg = [UInt8](repeating: 0, count: JPEGEncoder.bound(width: 64, height: 48))
        let byteCount = try pixels.withRawSpan { (span) throws(TurboJPEGError) in
            try jpeg.withMutableRawSpan { (output) throws(TurboJPEGError) in
                try encoder.encode(
                    span, layout: .rgb24, width: 64, height: 48, bytesPerLine: 192, into: &output)
            }
        }
        jpeg.removeLast(jpeg.count - byteCount)
        let half = try pipeline(PictureOptions(orientation: Orientation(rotation: .half, flip: .none)))
        #expect(try publish(jpeg, half))
        let once = try #require(newest)
        #expect(once != jpeg)
        #expect(try publish(once, half))
        let twice = try #require(newest)
        let quarter = try pipeline(PictureOptions(orientation: Orientation(rotation: .quarter, flip: .none)))
        #expect(try publish(twice, quarter))
        let description = try #require(subscriber.copyNewestFrame()).description
        #expect((description.width, description.height) == (48, 64))
        #expect(log.lines.isEmpty)
    }
}
