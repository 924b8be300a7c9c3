import Linux
import MotionJPEG
import SharedFrame
import SystemPackage
import TestSupport
import Testing
import TurboJPEG

@testable import CameraCapture

@Suite("A Video4Linux camera", .timeLimit(.minutes(3)))
struct CameraTests {
    private let folder = TemporaryFolder()
    private let pictures: [[UInt8]]

    init() throws {
        pictures = (1...3).map { SampleJPEG.bytes(tag: $0, width: 640, height: 480, dataByteCount: 8000) }
        for (index, picture) in pictures.enumerated() {
            let file = try FileDescriptor.open(
                folder.path.appending("\(index).jpg"), .writeOnly, options: .create, permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(picture) }
        }
    }

    private func start(
        _ camera: FakeCamera, _ arguments: [String] = [], ring: TemporaryRing = TemporaryRing()
    ) throws -> RunningDaemon {
        try RunningDaemon(
            ["--device", "/dev/video0", "--size", "640x480"] + arguments, environment: camera.environment, ring: ring)
    }

    /// Waits until the ring's state is `state` and its reason contains `text`.
    ///
    /// Returns false if this is not the case within 30 s.
    private func wait(_ daemon: RunningDaemon, _ state: CameraState, _ text: String) -> Bool {
        eventually(30) { daemon.subscriber.status.map { $0.state == state && $0.reason.contains(text) } ?? false }
    }

    @Test("a camera's JPEGs are published unchanged, with the driver's times, whether or not anybody watches")
    func passThrough() throws {
        let daemon = try start(FakeCamera(frames: folder.path))
        var last = try daemon.frame()
        for _ in 0..<10 {
            let frame = try daemon.frame(after: last.description.number)
            #expect(pictures.contains(frame.bytes))
            #expect(frame.description.capture.monotonic > last.description.capture.monotonic)
            #expect(frame.description.published >= frame.description.capture.monotonic)
            last = frame
        }
        let status = try daemon.status(.live)
        #expect(
            status.source
                == SourceDescription(kind: "v4l2", device: "/dev/video0", name: "Fake Camera", format: "MJPG"))
        #expect(status.encodedFrames == 0)
        #expect(status.dropped[.unwatched] == 0)
    }

    @Test("the daemon waits for an unplugged camera, whose pictures then continue in the same ring with higher numbers")
    func unplug() throws {
        let camera = try FakeCamera(frames: folder.path)
        let daemon = try start(camera, ["--control", "brightness=7", "--control", "zoom=3"])
        let before = try daemon.frame()
        _ = try daemon.status(.live)
        try camera.setFaults("unplug")
        #expect(wait(daemon, .waiting, "/dev/video0 does not exist: plug the camera in"))
        let last = try #require(daemon.subscriber.copyNewestFrame()).description.number
        try camera.setFaults("")
        _ = try daemon.status(.live)
        #expect(try daemon.frame(after: last).description.number > before.description.number)
        #expect(try #require(daemon.subscriber.status).restarts == 0)
        // The daemon tried to open the camera many times, but logged each problem only once. It logged the last of
        // these messages twice, since opening the camera succeeded twice.
        #expect(daemon.log.count { $0.contains("has no control 'zoom'") } == 1)
        #expect(daemon.log.count { $0.contains("is gone or no longer responds") } == 1)
        #expect(daemon.log.count { $0.contains("does not exist") } == 1)
        #expect(daemon.log.count { $0.contains("pictures come from /dev/video0") } == 2)
    }

    @Test("a camera that falls silent is stalled, and its next picture makes it live again")
    func stall() throws {
        let camera = try FakeCamera(frames: folder.path)
        let daemon = try start(camera, ["--timeout", "0.5"])
        _ = try daemon.status(.live)
        try camera.setFaults("stall")
        #expect(wait(daemon, .stalled, "/dev/video0 sends no pictures"))
        try camera.setFaults("")
        _ = try daemon.status(.live)
    }

    @Test(
        "a problem that prevents capture is reported with its remedy, and capture starts once the problem is gone",
        arguments: [
            ("busy", "/dev/video0 is busy: another program streams from it"),
            ("denied", "add the user to the group video"), ("no-space", "its USB bus has no bandwidth left"),
            ("unplug", "/dev/video0 does not exist"),
            ("no-start", "/dev/video0 is gone or no longer responds (VIDIOC_STREAMON: Input/output error)"),
        ])
    func obstacles(fault: String, sentence: String) throws {
        let camera = try FakeCamera(frames: folder.path)
        try camera.setFaults(fault)
        let daemon = try start(camera)
        #expect(wait(daemon, .waiting, sentence))
        try camera.setFaults("")
        _ = try daemon.status(.live)
        #expect(daemon.log.count { $0.contains(sentence) } == 1)
    }

    @Test("a camera whose buffers return EIO is reopened until they work again")
    func inputError() throws {
        let camera = try FakeCamera(frames: folder.path)
        let daemon = try start(camera)
        _ = try daemon.status(.live)
        try camera.setFaults("eio=1000000")
        #expect(wait(daemon, .waiting, "no longer responds (VIDIOC_DQBUF: Input/output error)"))
        let last = try #require(daemon.subscriber.copyNewestFrame()).description.number
        try camera.setFaults("eio=3")
        _ = try daemon.status(.live)
        #expect(pictures.contains(try daemon.frame(after: last).bytes))
    }

    @Test("a camera that returns with another size continues in the same ring, in that size")
    func otherSize() throws {
        let camera = try FakeCamera(settings: ["FAKE_CAMERA_FORMATS": "yuyv"])
        let daemon = try start(camera)
        #expect(try daemon.frame().description.width == 640)
        for (size, width, height) in [("320x240", 320, 240), ("1600x1200", 1600, 1200)] {
            try camera.setFaults("unplug")
            #expect(wait(daemon, .waiting, "does not exist"))
            let last = try #require(daemon.subscriber.copyNewestFrame()).description.number
            try camera.setFaults("size=\(size)")
            _ = try daemon.status(.live)
            let frame = try daemon.frame(after: last)
            #expect((frame.description.width, frame.description.height) == (width, height))
            let decoder = try JPEGDecoder()
            let picture = try frame.bytes.withRawSpan { (span) throws(TurboJPEGError) in try decoder.decode(span) }
            #expect((picture.width, picture.height) == (width, height))
            #expect(daemon.log.count { $0.contains("/dev/video0 delivers \(size) instead of 640x480") } == 1)
        }
    }

    @Test("damaged frames are counted by their defect and never shown")
    func spoilt() throws {
        let camera = try FakeCamera(frames: folder.path)
        let daemon = try start(camera)
        var number = try daemon.frame().description.number
        try camera.setFaults("truncate=5 garbage=4 empty=3 flag=2")
        let expected: [(DropReason, UInt64)] = [(.truncated, 5), (.noStart, 4), (.empty, 3), (.flagged, 2)]
        let isCounted = try eventually(30) {
            let frame = try daemon.frame(after: number)
            #expect(pictures.contains(frame.bytes))
            number = frame.description.number
            let dropped = daemon.subscriber.status?.dropped ?? [:]
            return expected.allSatisfy { dropped[$0.0, default: 0] >= $0.1 }
        }
        #expect(isCounted, "\(daemon.subscriber.status?.dropped ?? [:])")
    }

    @Test("raw pictures are encoded in the right colours")
    func raw() throws {
        let daemon = try start(FakeCamera(settings: ["FAKE_CAMERA_FORMATS": "yuyv"]))
        let frame = try daemon.frame()
        let decoder = try JPEGDecoder()
        let picture = try frame.bytes.withRawSpan { (span) throws(TurboJPEGError) in try decoder.decode(span) }
        #expect((picture.width, picture.height) == (640, 480))
        // The RGB values of 75 % colour bars: white, yellow, cyan, green, magenta, red, blue, black.
        let bars = [
            [191, 191, 191], [191, 191, 0], [0, 191, 191], [0, 191, 0], [191, 0, 191], [191, 0, 0], [0, 0, 191],
            [0, 0, 0],
        ]
        for (index, bar) in bars.enumerated() {
            let offset = (240 * 640 + 80 * index + 40) * 3
            let pixel = picture.pixels[offset..<offset + 3].map { Int($0) }
            #expect(zip(pixel, bar).allSatisfy { abs($0 - $1) <= 6 }, "bar \(index): \(pixel)")
        }
        #expect(try daemon.status(.live).source.format == "YUYV")
        daemon.subscriber.takeInterest()
        _ = try daemon.frame(after: frame.description.number + 10)
        let status = try #require(daemon.subscriber.status)
        #expect(status.encodedFrames == status.published)
    }

    @Test("frames are dropped to reach a rate that the camera does not offer, but not for a rate that it offers")
    func rates() throws {
        let thinned = try start(FakeCamera(frames: folder.path), ["--fps", "20"])
        let first = try thinned.frame().description
        let last = try thinned.frame(after: first.number + 40).description
        let seconds = Double(last.capture.monotonic - first.capture.monotonic) / 1e9
        #expect(Double(last.number - first.number) <= seconds * 20 + 1.5)
        #expect(try #require(thinned.subscriber.status).dropped[.rate, default: 0] > 0)
        let slow = try start(FakeCamera(frames: folder.path), ["--fps", "15"])
        let start = try slow.frame().description
        _ = try slow.frame(after: start.number + 10)
        #expect(try #require(slow.subscriber.status).dropped[.rate] == 0)
    }

    @Test("with a driver that ignores the rate, no more pictures are published than requested")
    func ignoredRate() throws {
        let camera = try FakeCamera(frames: folder.path)
        try camera.setFaults("ignore-rate")
        let daemon = try start(camera, ["--fps", "15"])
        let first = try daemon.frame().description
        let last = try daemon.frame(after: first.number + 30).description
        let seconds = Double(last.capture.monotonic - first.capture.monotonic) / 1e9
        #expect(Double(last.number - first.number) <= seconds * 15 + 1.5)
        #expect(try #require(daemon.subscriber.status).dropped[.rate, default: 0] > 0)
    }

    @Test("if the camera does not offer the requested size, the nearest one is used, and that is logged once")
    func size() throws {
        let daemon = try start(FakeCamera(frames: folder.path), ["--size", "800x600"])
        _ = try daemon.status(.live)
        #expect(daemon.log.count { $0.contains("/dev/video0 delivers 640x480 instead of 800x600") } == 1)
    }

    @Test("if the camera does not offer the requested format, the state names the formats that it offers")
    func format() throws {
        let daemon = try start(FakeCamera(frames: folder.path), ["--format", "nv12"])
        #expect(wait(daemon, .waiting, "/dev/video0 has no format nv12"))
        #expect(daemon.process.isRunning)
    }

    /// Writes a raw picture that is dark at the left and bright at the right, and returns the path of the file.
    ///
    /// Each line takes `lineLength` bytes, including white padding at its end. If the daemon assumed another line
    /// length, the padding would be visible.
    private func raw(
        _ format: String, _ width: Int, _ height: Int, lineLength: Int, chromaLineLength: Int, chromaLineCount: Int
    ) throws -> String {
        let line = (0..<width).map { UInt8($0 < width / 2 ? 60 : 200) }
        func padded(_ line: [UInt8], _ length: Int) -> [UInt8] {
            line + [UInt8](repeating: 255, count: max(0, length - line.count))
        }
        var bytes: [UInt8] = []
        for _ in 0..<height { bytes += padded(line, lineLength) }
        let chroma = [UInt8](repeating: 128, count: min(chromaLineLength, (width + 1) / 2 * 2))
        for _ in 0..<chromaLineCount { bytes += padded(chroma, chromaLineLength) }
        return try write(bytes, "\(format).raw")
    }

    private func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = folder.path.appending(name)
        let file = try FileDescriptor.open(path, .writeOnly, options: .create, permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(bytes) }
        return path.string
    }

    @Test(
        "raw pictures are not distorted, whatever line length the driver reports",
        arguments: [
            // Format, width, height, bytes per line, bytes per chroma line, chroma lines, the line length that the
            // driver reports, and the number of bytes before the picture in the buffer.
            ("NV16", 640, 480, 704, 704, 480, "704", ""), ("NV61", 320, 240, 384, 384, 240, "384", ""),
            ("YU12", 657, 450, 657, 329, 450, "657", ""), ("NV12", 657, 450, 657, 658, 225, "657", ""),
            ("GREY", 320, 240, 320, 0, 0, "0", "128"), ("NV12", 640, 480, 640, 640, 240, "640", "4096"),
        ])
    func lines(
        format: String, width: Int, height: Int, lineLength: Int, chromaLineLength: Int, chromaLineCount: Int,
        reported: String, offset: String
    ) throws {
        let file = try raw(
            format, width, height, lineLength: lineLength, chromaLineLength: chromaLineLength,
            chromaLineCount: chromaLineCount)
        let camera = try FakeCamera(settings: [
            "FAKE_CAMERA_FORMATS": "raw:\(format)", "FAKE_CAMERA_RAW": file, "FAKE_CAMERA_LINE": reported,
            "FAKE_CAMERA_SIZES": "\(width)x\(height)", "FAKE_CAMERA_OFFSET": offset, "FAKE_CAMERA_RANGE": "full",
        ])
        let daemon = try RunningDaemon(
            ["--device", "/dev/video0", "--size", "\(width)x\(height)", "--quality", "95"],
            environment: camera.environment)
        let frame = try daemon.frame()
        let decoder = try JPEGDecoder()
        let picture = try frame.bytes.withRawSpan { (span) throws(TurboJPEGError) in
            try decoder.decode(span, to: .grey)
        }
        #expect((picture.width, picture.height) == (width, height))
        for line in stride(from: 4, to: height, by: 37) {
            for (column, luma) in [(4, 60), (width / 2 - 24, 60), (width / 2 + 24, 200), (width - 4, 200)] {
                let shown = Int(picture.pixels[line * width + column])
                #expect(abs(shown - luma) <= 6, "\(column),\(line): \(shown) instead of \(luma)")
            }
        }
        #expect(daemon.process.isRunning)
    }
}
