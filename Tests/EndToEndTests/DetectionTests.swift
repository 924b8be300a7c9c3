import Glibc
import Linux
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// ONNX Runtime, detect-fcgi, and a small test model that finds a "dog" in every bright picture.
enum Detector {
    static let library =
        Environment.value("ORIEL_ONNXRUNTIME").map { FilePath($0) }
        ?? OrielSystem.root.appending(".detector/lib/libonnxruntime.so.1")
    static let model = OrielSystem.root.appending("Tests/DetectionTests/Models/stub_yolox_32.onnx")
    static let program = OrielSystem.programs.appending("detect-fcgi")

    static var isThere: Bool { [library, program].allSatisfy { (try? FileStatus(at: $0)) != nil } }

    /// Whether the kernel divides CPU time among sessions first, and then among the processes of each session.
    ///
    /// This feature is called autogroup; see sched(7).
    static var hasSessionGroups: Bool {
        (try? File.contents(of: "/proc/sys/kernel/sched_autogroup_enabled"))?.first == UInt8(ascii: "1")
    }

    static func start() throws -> OrielSystem {
        try OrielSystem(environment: ["ORIEL_ONNXRUNTIME": library.string, "ORIEL_MODEL": model.string])
    }
}

extension EndToEnd {
    @Suite(
        "Detection", .timeLimit(.minutes(3)),
        .enabled(if: Detector.isThere, "ONNX Runtime or detect-fcgi is missing: run scripts/get-detector"))
    struct Detection {
        @Test("A detection result belongs to exactly the frame that the stream sent with the same number")
        func sameFrame() throws {
            let system = try Detector.start()
            let shown = Mutex<[UInt64: [UInt8]]>([:])
            let viewer = try StreamViewer(system.web("/video"))
            var results: [(number: UInt64, image: String)] = []
            for _ in 0..<20 {
                // The result may arrive before the stream delivers its frame, so read the stream up to that frame.
                let answer = try request("POST", system.web("/detect_once"), body: [])
                #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
                let frame = answer.json?["frame"]
                let number = try #require(frame?["seq"]?.number)
                results.append((UInt64(number), try #require(frame?["image"]?.string)))
                while let picture = try viewer.next(), let seen = picture.number {
                    shown.withLock { $0[seen] = picture.bytes }
                    if seen >= UInt64(number) { break }
                }
            }
            var compared = 0
            for result in results {
                guard let bytes = shown.withLock({ $0[result.number] }) else { continue }
                let image = try request("GET", system.web(result.image))
                #expect(image.status == 200)
                #expect(image["x-frame-id"] == "\(result.number)")
                #expect(image.body == bytes)
                compared += 1
            }
            #expect(compared > 0)
        }

        @Test(
            "If detect-fcgi is killed during inference, requests get 503 in JSON until it is restarted; no stream ends"
        )
        func death() throws {
            let system = try Detector.start()
            let program = OrielSystem.programs.appending("load-generator").string
            let crowd = try ChildProcess(
                program, ["--seconds", "6", "--warmup", "1", "--retry", "0.1", "20=\(system.web("/video"))"])
            #expect(try eventually { try request("POST", system.web("/detect_once"), body: []).status == 200 })

            let victim = try #require(system.processes.first { $0.name == "detect-fcgi" })
            let statuses = Mutex<[Int]>([])
            let asking = try (0..<8).map { _ in
                try Handle {
                    for _ in 0..<20 {
                        guard let answer = try? request("POST", system.web("/detect_once"), body: []) else { continue }
                        statuses.withLock { $0.append(answer.status) }
                        guard answer.status != 200 else { continue }
                        #expect(answer["content-type"] == "application/json")
                        #expect(answer["retry-after"] != nil)
                        #expect(answer.json?["success"] == .bool(false))
                    }
                }
            }
            Glibc.kill(victim.identifier, SIGKILL)
            for handle in asking { handle.wait() }
            #expect(statuses.withLock { Set($0) }.isSubset(of: [200, 503]))
            #expect(try eventually { try request("POST", system.web("/detect_once"), body: []).status == 200 })

            let group = try #require(JSON(crowd.readToEnd())?.array?.first)
            #expect(group["cuts"]?.number == 0, "\(group)")
            #expect(group["broken"]?.number == 0, "\(group)")
        }

        @Test("Invalid requests are refused with an error in JSON, even if nginx refuses them")
        func refusals() throws {
            let system = try Detector.start()
            func post(_ body: [UInt8], _ headers: [String: String]) throws -> HTTPResponse {
                try request("POST", system.web("/detect_once"), headers: headers, body: body)
            }
            let picture = ["Content-Type": "image/jpeg"]
            #expect(try post([UInt8](repeating: 7, count: 100_000), picture).status == 400)
            #expect(try post([UInt8](repeating: 7, count: 16 << 20), picture).status == 400)
            #expect(try post([1], ["Content-Type": "text/plain"]).status == 415)
            #expect(try post([], ["Origin": "http://elsewhere.example"]).status == 403)
            #expect(try request("GET", system.web("/detect_once")).status == 405)
            #expect(try request("POST", system.web("/detect_once/nowhere"), body: []).status == 404)
            for bytes in [(16 << 20) + 1, 17 << 20] {
                let answer = try post([UInt8](repeating: 7, count: bytes), picture)
                #expect(answer.status == 413)
                #expect(answer.json?["success"] == .bool(false))
            }
        }

        @Test("nginx's own errors are JSON that DeepStack clients understand")
        func nginxRefusals() throws {
            let system = try Detector.start()
            func expect(_ status: Int, _ method: String, _ path: String, _ headers: [String: String], size: Int = 0)
                throws
            {
                let body = method == "POST" ? [UInt8](repeating: 7, count: size) : nil
                let answer = try request(method, system.web(path), headers: headers, body: body)
                #expect(answer.status == status, "\(method) \(path)")
                #expect(answer["content-type"]?.hasPrefix("application/json") == true, "\(method) \(path)")
                #expect(answer.json?["success"] == .bool(false), "\(method) \(path)")
                #expect(answer.json?["error"]?.string != nil && answer.json?["message"]?.string != nil)
            }
            try expect(404, "GET", "/detect", [:])
            try expect(404, "POST", "/detect", [:])
            try expect(404, "GET", "/v1", [:])
            try expect(404, "POST", "/v1/vision/face", [:])
            try expect(404, "POST", "/detection", [:])
            try expect(413, "POST", "/v1/vision/detection", [:], size: 17 << 20)
            try expect(413, "POST", "/detect/status?x", [:], size: 17 << 20)
            try expect(421, "POST", "/detect_once", ["Host": "elsewhere.example"])
            // Errors at addresses that have nothing to do with detection have no member `success`.
            #expect(try request("GET", system.web("/inspect")).json?["success"] == nil)
        }

        @Test(
            "The session of detect-fcgi has a lower priority than the session of relay-fcgi, which serves viewers",
            .enabled(if: Detector.hasSessionGroups, "sched_autogroup_enabled is not 1"))
        func priority() throws {
            let system = try Detector.start()
            func niceness(_ name: String) throws -> String? {
                let process = try #require(system.processes.first { $0.name == name })
                let text = try File.contents(of: FilePath("/proc/\(process.identifier)/autogroup"))
                return String(decoding: text, as: UTF8.self).split(separator: " ").last.map { $0.filter(\.isNumber) }
            }
            #expect(try eventually { try niceness("detect-fcgi") == "10" })
            #expect(try niceness("relay-fcgi") == "0")
        }

        @Test("A running detect-fcgi finds the files that scripts/get-detector installs")
        func installedMeanwhile() throws {
            let folder = TemporaryFolder()
            let system = try OrielSystem(
                environment: ["ORIEL_DETECTOR": folder.path.string, "ORIEL_MODEL": "", "ORIEL_ONNXRUNTIME": ""])
            try #require(
                !(request("GET", system.web("/detect/status")).json?["ready"] == .bool(true)),
                "this test cannot run, since a detector is already installed on this machine")
            for (file, target) in [
                ("lib/libonnxruntime.so.1", Detector.library), ("models/model.onnx", Detector.model),
            ] {
                let path = folder.path.appending(file)
                _ = unsafe mkdir(path.removingLastComponent().string, 0o755)
                #expect(unsafe symlink(target.string, path.string) == 0)
            }
            #expect(
                try eventually(30) {
                    try request("GET", system.web("/detect/status")).json?["ready"] == .bool(true)
                })
        }

        @Test("24 slow uploads do not fill the temporary folder of nginx, and other requests are served meanwhile")
        func drippingUploads() throws {
            let system = try Detector.start()
            let head = "POST /detect_once HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"
            var uploads: [HTTPConnection] = []
            for _ in 0..<24 {
                let connection = try HTTPConnection(address: "127.0.0.1", port: system.webPort)
                try connection.send(Array("\(head)Content-Length: 15000000\r\n\r\n".utf8))
                // If nginx has refused the upload, it may have closed the connection already. Sending then fails.
                try? connection.send([UInt8](repeating: 0xff, count: 2_000_000))
                uploads.append(connection)
            }
            for _ in 0..<3 {
                Poll.wait([], milliseconds: 1000)
                for connection in uploads { try? connection.send([0xff]) }
            }
            let folder = system.runtime.appending("nginx-web/tmp")
            let kilobytes = try ChildProcess.run("du", ["-sk", folder.string]).output.split(separator: "\t").first
            #expect(Int(kilobytes ?? "") ?? .max < 1000, "\(kilobytes ?? "")")
            #expect(try request("POST", system.web("/detect_once"), body: []).status == 200)
            #expect(try request("GET", system.web("/snapshot")).status == 200)
            let detector = try #require(system.leader(of: "detect-fcgi"))
            let figures = try #require(ProcessFigures(of: detector))
            #expect(figures.memory < 250 << 20, "\(figures)")
            withExtendedLifetime(uploads) {}
        }

        @Test("A picture may be uploaded in chunks, with Expect: 100-continue, or as a form")
        func uploadForms() throws {
            let system = try Detector.start()
            let picture = try request("GET", system.web("/snapshot")).body
            let file = TemporaryFolder()
            let path = file.path.appending("a.jpg")
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: .create, permissions: .ownerReadWrite)
            try descriptor.closeAfter { _ = try descriptor.writeAll(picture) }
            for options in [
                ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["--http1.0"], [],
            ] {
                let result = try ChildProcess.run(
                    "curl",
                    ["-s", "--noproxy", "*", "-H", "Content-Type: image/jpeg", "--data-binary", "@\(path)"] + options
                        + [system.web("/detect_once")])
                #expect(result.output.contains("\"success\":true"), "\(options): \(result.output)")
            }
            let form = try ChildProcess.run(
                "curl", ["-s", "--noproxy", "*", "-F", "image=@\(path)", system.web("/v1/vision/detection")])
            #expect(form.output.contains("\"success\":true"), "\(form.output)")
            let wrongCase = try request("POST", system.web("/V1/vision/detection"), body: picture)
            #expect(wrongCase.status == 404)
        }

        @Test("Without a model, the response names what is missing, and everything else works")
        func noModel() throws {
            let system = try OrielSystem(environment: ["ORIEL_MODEL": "/nowhere/model.onnx"])
            #expect(try request("GET", system.web("/healthz")).status == 200)
            let answer = try request("POST", system.web("/detect_once"), body: [])
            #expect(answer.status == 503)
            #expect(answer.json?["message"]?.string?.contains("scripts/get-detector") == true)
            #expect(eventually { system.output.contains("scripts/get-detector") })
        }

        /// A thread that can be stored in an array, unlike the non-copyable `Thread`.
        private final class Handle: Sendable {
            private let isDone = Atomic(false)

            init(_ body: @escaping @Sendable () -> Void) throws {
                try Thread("asking") { [self] in
                    body()
                    isDone.store(true, ordering: .releasing)
                }.detach()
            }

            func wait() {
                while !isDone.load(ordering: .acquiring) { Poll.wait([], milliseconds: 5) }
            }
        }
    }
}
