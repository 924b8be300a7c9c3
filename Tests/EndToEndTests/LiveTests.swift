import Events
import Glibc
import Linux
import MotionJPEG
import Names
import SharedFrame
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite(
        "Live detection", .timeLimit(.minutes(8)),
        .enabled(if: Detector.isThere, "ONNX Runtime or detect-fcgi is missing: run scripts/get-detector"))
    struct Live {
        /// Collects the pictures of a stream with their frame numbers, on a separate thread.
        private final class Collector: Sendable {
            private let pictures = Mutex<[UInt64: [UInt8]]>([:])
            private let isStopping = Atomic(false)
            private let isDone = Atomic(false)

            init(_ address: String) throws {
                let viewer = Mutex<StreamViewer?>(try StreamViewer(address))
                try Thread("collecting") { [self] in
                    viewer.withLock { viewer in
                        while !isStopping.load(ordering: .acquiring), let picture = try? viewer?.next() {
                            let isOffline = picture.number == 0
                            if let number = picture.number, !isOffline {
                                pictures.withLock { $0[number] = picture.bytes }
                            }
                        }
                        viewer = nil
                    }
                    isDone.store(true, ordering: .releasing)
                }.detach()
            }

            var numbers: Set<UInt64> { pictures.withLock { Set($0.keys) } }

            /// Stops collecting and returns the pictures.
            func stop() -> [UInt64: [UInt8]] {
                isStopping.store(true, ordering: .releasing)
                _ = eventually(60) { isDone.load(ordering: .acquiring) }
                return pictures.withLock { $0 }
            }
        }

        @Test(
            "A thousand frames with results are the camera's, byte for byte, even after another system has relayed them"
        )
        func sameFrames() throws {
            let system = try OrielSystem(environment: [
                "ORIEL_ONNXRUNTIME": Detector.library.string, "ORIEL_MODEL": Detector.model.string,
                "ORIEL_SIZE": "320x240", "ORIEL_FPS": "60",
            ])
            let relay = try OrielSystem(environment: [
                "ORIEL_CAMERAS": "main=\(system.web("/detect_stream/main?boxes=data"))", "ORIEL_DETECT": "off",
            ])
            let plain = try Collector(system.web("/video"))
            let results = try Collector(system.web("/detect_stream?boxes=data"))
            let relayed = try Collector(relay.web("/video"))
            let wanted = 1000
            // On a slow machine, each viewer misses other frames, so wait until enough frames have reached both.
            _ = eventually(240) {
                let numbers = plain.numbers
                return [results, relayed].allSatisfy { $0.numbers.intersection(numbers).count >= wanted }
            }
            let (direct, far, frames) = (results.stop(), relayed.stop(), plain.stop())
            for (name, received) in [("direct", direct), ("relayed", far)] {
                var compared = 0
                for (number, jpeg) in received {
                    guard let frame = frames[number] else { continue }
                    let found = jpeg.withRawSpan { JPEGComment.find(FrameResult.tag, in: $0)?.segment }
                    let segment = try #require(found, "\(name) frame \(number) has no results")
                    let text = jpeg.withRawSpan { FrameResult.text(in: $0) }
                    #expect(JSON(text ?? "")?["seq"]?.number == Double(number))
                    var bytes = jpeg
                    bytes.removeSubrange(segment)
                    // Compare without #expect, which would print both pictures.
                    if bytes != frame { Issue.record("\(name) frame \(number) differs from the camera's") }
                    compared += 1
                }
                #expect(compared >= wanted, "\(name): both viewers received only \(compared) frames")
            }
        }

        @Test(
            "If the detector is killed, its viewers stay connected and get results again; no plain stream is affected")
        func death() throws {
            // Few frames per second, so that a viewer on a busy machine misses none.
            let system = try OrielSystem(environment: [
                "ORIEL_ONNXRUNTIME": Detector.library.string, "ORIEL_MODEL": Detector.model.string, "ORIEL_FPS": "5",
            ])
            let viewer = try StreamViewer(system.web("/detect_stream?boxes=data"))
            #expect(try viewer.next() != nil)
            let plain = try Collector(system.web("/video"))
            let victim = try #require(system.leader(of: "detect-fcgi"))
            kill(victim, SIGKILL)
            // The viewer gets an outage picture with the number of the last frame. After that, it gets frames again.
            var last: UInt64 = 0
            #expect(
                try eventually(60) {
                    guard let picture = try viewer.next(), let number = picture.number else { return false }
                    let hasResults = picture.bytes.withRawSpan { FrameResult.text(in: $0) } != nil
                    defer { last = max(last, number) }
                    return hasResults && number > last && system.leader(of: "detect-fcgi") ?? victim != victim
                })
            let numbers = plain.stop().keys.sorted()
            #expect(numbers.count > 1)
            let gaps = zip(numbers, numbers.dropFirst()).filter { $1 - $0 > 3 }
            #expect(gaps.isEmpty, "the plain stream skipped frames: \(gaps)")
        }

        @Test("For a hundred viewers of the results, the detector looks no more often than for one, and draws nothing")
        func manyViewers() throws {
            let system = try Detector.start()
            func looks() throws -> Double {
                let status = try request("GET", system.web("/detect/status"))
                return try #require(status.json?["live"]?[0]?["looks"]?["total"]?.number)
            }
            let program = OrielSystem.programs.appending("load-generator").string
            let address = system.web("/detect_stream?boxes=data")
            let crowd = try ChildProcess(program, ["--seconds", "120", "--warmup", "1", "100=\(address)"])
            #expect(
                eventually(60) {
                    let status = try? request("GET", system.web("/status/main")).json
                    return status?["viewers"]?.number ?? 0 >= 100
                })
            let (before, began) = (try looks(), Instant.now)
            Poll.wait([], milliseconds: 4000)
            let (after, seconds) = (try looks(), (Instant.now - began).inSeconds)
            #expect(after > before)
            // The detector looks at no more than five frames per second, however slow the machine is.
            #expect(after - before <= 5 * seconds + 2, "\(after - before) looks in \(seconds) s")
            let prefix = try #require(SystemPrefix(system.prefix))
            let drawn = try FrameSubscriber(RingName(prefix: prefix, camera: .main, kind: .drawn))
            #expect(drawn.status?.published == 0)
            crowd.end()
        }

        @Test(
            "/detect_objects returns the results of the newest frame, and /detect_snapshot a picture with drawn boxes")
        func single() throws {
            let system = try Detector.start()
            let answer = try request("GET", system.web("/detect_objects"))
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let number = try #require(answer.json?["seq"]?.number)
            let next = try request("GET", system.web("/detect_objects/main?after=\(UInt64(number))"))
            #expect(try #require(next.json?["seq"]?.number) > number)
            let picture = try request("GET", system.web("/detect_snapshot"))
            #expect(picture.status == 200)
            #expect(picture["content-type"] == "image/jpeg")
            let status = try request("GET", system.web("/detect/status"))
            let live = try #require(status.json?["live"]?.array?.first)
            #expect(live["camera"]?.string == "main")
            #expect(live["mode"]?.string == "watched")
            // Nobody watches any longer, so the detector stops reading the camera's frames.
            #expect(
                try eventually {
                    let live = try request("GET", system.web("/detect/status")).json?["live"]?.array?.first
                    return live?["active"]?.bool == false
                })
        }

        @Test("A camera's mode and zones in oriel.conf take effect while the system runs, and no stream is interrupted")
        func configuration() throws {
            let folder = TemporaryFolder()
            let file = folder.path.appending("oriel.conf")
            func write(_ lines: String) throws {
                let text = "[camera main]\ndevice = pattern\nsize = 320x240\nfps = 10\n\(lines)\n"
                try File.replace(file, with: Array(text.utf8), permissions: 0o600)
            }
            try write("detect = off")
            let system = try OrielSystem(environment: [
                "ORIEL_ONNXRUNTIME": Detector.library.string, "ORIEL_MODEL": Detector.model.string,
                "ORIEL_CONFIG": folder.path.string, "ORIEL_CAMERAS": "", "ORIEL_DEVICE": "", "ORIEL_SIZE": "",
                "ORIEL_FPS": "",
            ])
            func status() -> JSON? { (try? request("GET", system.web("/detect/status")))?.json }
            let viewer = try StreamViewer(system.web("/video/main"))
            #expect(try viewer.next() != nil)
            #expect(eventually { status()?["live"]?.array?.isEmpty == true })
            try write("detect = always\nzone.porch = 0,0 1,0 1,1 0,1")
            #expect(
                eventually {
                    let camera = status()?["live"]?.array?.first
                    return camera?["active"] == .bool(true)
                        && camera?["zones"]?.array?.compactMap { $0["name"]?.string } == ["porch"]
                })
            try write("detect = perhaps")
            #expect(
                eventually {
                    let problem = status()?["configuration"]?["problem"]?.string
                    return problem == "\(file):5: 'detect' is 'perhaps'; give off, watched or always"
                })
            #expect(status()?["live"]?.array?.first?["mode"]?.string == "always")
            #expect(try viewer.next() != nil)
        }
    }
}
