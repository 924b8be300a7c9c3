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

    private func publish(_ bytes: [UInt8], _ pipeline: FramePipeline) throws -> Bool {
        try bytes.withRawSpan { (span) throws(SourceError) in try pipeline.publish(jpeg: span, .now()) }
    }

    private func publish(file bytes: [UInt8], _ pipeline: FramePipeline) throws -> Bool {
        try bytes.withRawSpan { (span) throws(SourceError) in try pipeline.publish(file: span, .now()) }
    }

    private var newest: [UInt8]? { subscriber.copyNewestFrame()?.bytes }

    @Test("a camera's picture is published unchanged")
    func unchanged() throws {
        #expect(try publish(SampleJPEG.bytes(tag: 1), pipeline()))
        #expect(newest == SampleJPEG.bytes(tag: 1))
        #expect(subscriber.copyNewestFrame()?.description.width == 64)
    }

    @Test("missing tables are added and padding is cut off in a camera's picture, but a file is not changed")
    func repair() throws {
        let bare = SampleJPEG.bytes(tag: 1, hasTables: false)
        let raw = bare + [UInt8](repeating: 0, count: 500)
        #expect(try publish(file: raw, pipeline()))
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

    @Test("pictures of a camera that never sends the end marker are shown anyway, and that is logged once")
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

    @Test("the requested number of warm-up pictures is dropped each time the source is opened")
    func warmUp() throws {
        let pipeline = try pipeline(PictureOptions(warmUpFrameCount: 3))
        let admitted = (0..<6).map { pipeline.admits(Instant(nanoseconds: UInt64($0) * 50_000_000), isRaw: false) }
        #expect(admitted == [false, false, false, true, true, true])
        pipeline.begin()
        #expect(!pipeline.admits(Instant(nanoseconds: 1_000_000_000), isRaw: false))
    }

    @Test("while nobody watches, one raw picture a second is encoded; for a viewer all pictures are encoded")
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

    @Test("a picture can be turned by 180 degrees twice, and then by 90 degrees, which swaps its width and height")
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

    @Test("if a buffer contains a truncated picture and then a complete one, the complete one is published")
    func wholeBehindTruncated() throws {
        let whole = SampleJPEG.bytes(tag: 2)
        let stale = Array(SampleJPEG.bytes(tag: 1, dataByteCount: 400).dropLast(150))
        #expect(try publish(stale + whole + [0, 0], pipeline()))
        #expect(newest == whole)
        // Here the first picture ends between two of its headers.
        #expect(try publish(Array(stale.prefix(71)) + whole, pipeline()))
        #expect(newest == whole)
        #expect(try publish([0xff, 0xd8] + whole, pipeline()))
        #expect(newest == whole)
        let pipeline = try pipeline()
        for _ in 0..<100 { _ = try publish(stale + whole, pipeline) }
        #expect(newest == whole)
        #expect(log.lines.isEmpty)
    }

    @Test("the thumbnail in a truncated picture is not published")
    func thumbnail() throws {
        let thumbnail = SampleJPEG.bytes(tag: 9, width: 16, height: 16)
        var picture = SampleJPEG.bytes(tag: 1, dataByteCount: 400, hasEnd: false)
        let length = thumbnail.count + 2
        picture.insert(contentsOf: [0xff, 0xe1, UInt8(length >> 8), UInt8(length & 255)] + thumbnail, at: 2)
        #expect(try !publish(picture, pipeline()))
        #expect(newest == nil)
    }

    @Test("a raw picture is published even if its largest possible JPEG would not fit into a slot")
    func large() throws {
        let pixels = [UInt8](repeating: 77, count: 6016 * 4000)
        let format = RawFormat(layout: .grey, width: 6016, height: 4000, bytesPerLine: 6016)
        let pipeline = try pipeline()
        let isPublished = try pixels.withRawSpan { (span) throws(SourceError) in
            try pipeline.publish(pixels: span, format, .now())
        }
        #expect(isPublished, "\(pipeline.lastRefusal ?? "")")
        let description = try #require(subscriber.copyNewestFrame()).description
        #expect((description.width, description.height) == (6016, 4000))
        #expect(PictureOptions().slotByteCount(width: 8000, height: 8000) <= 64 << 20)
        let huge = RawFormat(layout: .grey, width: 65_501, height: 1, bytesPerLine: 65_501)
        let refused = try pixels.withRawSpan { (span) throws(SourceError) in
            try pipeline.publish(pixels: span, huge, .now())
        }
        #expect(!refused && pipeline.lastRefusal == "a JPEG cannot have 65501x1 pixels")
    }

    @Test("the size in the ring and --rotate take the picture's Exif orientation into account")
    func exif() throws {
        // Exif orientation 6 tells a viewer to turn the stored picture by 90 degrees.
        let tiff: [UInt8] =
            [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]
        let segment = [0xff, 0xe1, 0, UInt8(8 + tiff.count)] + Array("Exif".utf8) + [0, 0] + tiff
        var stored = try Self.gradient()
        stored.insert(contentsOf: segment, at: 20)
        #expect(try publish(stored, pipeline()))
        #expect(newest == stored)
        let shown = try #require(subscriber.copyNewestFrame()).description
        #expect((shown.width, shown.height) == (48, 64))
        let half = try pipeline(PictureOptions(orientation: Orientation(rotation: .half, flip: .none)))
        #expect(try publish(stored, half))
        let frame = try #require(subscriber.copyNewestFrame())
        #expect((frame.description.width, frame.description.height) == (48, 64))
        let decoder = try JPEGDecoder()
        func decoded(_ jpeg: [UInt8]) throws -> JPEGDecoder.Picture {
            try jpeg.withRawSpan { (span) throws(TurboJPEGError) in try decoder.decode(span, to: .grey) }
        }
        // The decoder applies the Exif orientation, as a viewer does. The published picture must therefore look like
        // the stored picture turned by 180 degrees.
        #expect(try decoded(frame.bytes).pixels == decoded(stored).pixels.reversed())
    }

    /// Returns a JPEG of 64x48 pixels, whose brightness increases to the right and downwards.
    private static func gradient() throws -> [UInt8] {
        var encoder = try JPEGEncoder(quality: 95)
        let pixels = (0..<64 * 48).map { UInt8(truncatingIfNeeded: $0 % 64 * 2 + $0 / 64 * 2) }
        var jpeg = [UInt8](repeating: 0, count: JPEGEncoder.bound(width: 64, height: 48))
        let byteCount = try pixels.withRawSpan { (span) throws(TurboJPEGError) in
            try jpeg.withMutableRawSpan { (output) throws(TurboJPEGError) in
                try encoder.encode(
                    span, layout: .grey, width: 64, height: 48, bytesPerLine: 64, range: .full, into: &output)
            }
        }
        return Array(jpeg.prefix(byteCount))
    }
}
