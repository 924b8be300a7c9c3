import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Controls", .timeLimit(.minutes(3)))
    struct Controls {
        private static let json = ["Content-Type": "application/json"]
        private let state = TemporaryFolder()
        private let calls = TemporaryFolder()

        /// Starts a system whose camera is simulated by Tests/FakeCamera.
        private func start(_ settings: [String: String] = [:]) throws -> OrielSystem {
            let camera = try FakeCamera(settings: [
                "FAKE_CAMERA_FORMATS": "yuyv", "FAKE_CAMERA_CALLS": calls.path.appending("calls").string,
            ])
            let own = [
                "ORIEL_DEVICE": "/dev/video0", "ORIEL_SIZE": "640x480", "ORIEL_STATE_DIR": state.path.string,
                "ORIEL_CONTROLS": "1",
            ]
            return try OrielSystem(environment: camera.environment.merging(own) { $1 }.merging(settings) { $1 })
        }

        private func value(_ address: String) -> Double? {
            let controls = (try? request("GET", address))?.json?["controls"]?.array
            return controls?.first { $0["name"]?.string == "brightness" }?["value"]?.number
        }

        @Test("Controls set through either server reach the camera and survive kill -9")
        func setting() throws {
            let system = try start()
            // A request can contain a number in any JSON notation. The camera gets an integer in the control's range.
            for (text, value) in [("1e2", 100), ("1e300", 255), ("-9223372036854775809", 0)] as [(String, Double)] {
                let wish = Array("{\"brightness\": \(text)}".utf8)
                let answer = try request("PUT", system.web("/controls/main"), headers: Self.json, body: wish)
                #expect(answer.json?["results"]?[0]?["value"]?.number == value, "\(text): \(answer.text)")
            }
            for (index, address) in [system.web("/controls"), system.ingest("/controls/main")].enumerated() {
                let reading = try request("GET", address)
                #expect(reading.status == 200)
                #expect(reading["cache-control"] == "no-store")
                #expect(reading.head.headers.count { $0.name == "x-content-type-options" } == 1)
                #expect(reading.json?["now"]?["size"]?.string == "640x480")
                let origin = address.split(separator: "/").prefix(2).joined(separator: "//")
                let answer = try request(
                    "PUT", address, headers: Self.json.merging(["Origin": origin]) { $1 },
                    body: Array("{\"brightness\": \(50 + index)}".utf8))
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json?["results"]?[0]?["value"]?.number == Double(50 + index))
                #expect(value(address) == Double(50 + index))
            }
            let daemon = try #require(system.processes.first { $0.name == "capture-daemon" }).identifier
            kill(daemon, SIGKILL)
            func isNew(_ entry: ProcessTable.Entry) -> Bool {
                entry.name == "capture-daemon" && entry.identifier != daemon
            }
            #expect(eventually(30) { system.processes.contains(where: isNew) })
            #expect(eventually(30) { value(system.web("/controls/main")) == 51 })
            #expect(Folder.names(in: state.path) == ["\(system.prefix).main.controls.json"])
        }

        @Test("Invalid changes are refused with an error in JSON, even if nginx refuses them")
        func refusals() throws {
            let system = try start()
            func put(_ body: [UInt8], _ headers: [String: String] = [:], _ path: String = "/controls/main") throws
                -> HTTPResponse
            {
                try request("PUT", system.web(path), headers: Self.json.merging(headers) { $1 }, body: body)
            }
            let wish = Array("{\"brightness\": 1}".utf8)
            let cases: [(HTTPResponse, Int)] = [
                (try put(wish, ["Origin": "http://elsewhere.example"]), 403),
                (try put(wish, [:], "/controls/nobody"), 404),
                (try put(wish, ["Content-Type": "text/plain"]), 415), (try put([7, 7]), 400),
                (try put(Array("{\"zoom\": 1}".utf8)), 400), (try put(Array("{\"privacy\": true}".utf8)), 409),
                (try put([UInt8](repeating: 0x20, count: 16500)), 413),
                (try request("DELETE", system.web("/controls/main")), 405),
                (try put(wish, ["Host": "evil.example"]), 421),
            ]
            for (answer, status) in cases {
                #expect(answer.status == status)
                #expect(answer.json?["error"]?.string != nil, "\(status): \(answer.text)")
                #expect(answer["content-type"]?.hasPrefix("application/json") == true)
            }
            let file = calls.path.appending("calls")
            #expect(String(decoding: try File.contents(of: file), as: UTF8.self) == "STREAMON 0\n")
        }

        @Test("The web server offers no controls unless ORIEL_CONTROLS enables them")
        func off() throws {
            let system = try start(["ORIEL_CONTROLS": ""])
            let wish = Array("{\"brightness\": 1}".utf8)
            for path in ["/controls", "/controls/", "/controls/main"] {
                let answer = try request("GET", system.web(path))
                #expect(answer.status == 200)
                #expect(answer.text == "{\"controls\": []}\n")
                let refusal = try request("PUT", system.web(path), headers: Self.json, body: wish)
                #expect(refusal.status == 403)
                #expect(refusal["content-type"]?.hasPrefix("application/json") == true)
                #expect(refusal["cache-control"] == "no-store")
                #expect(refusal["x-content-type-options"] == "nosniff")
                #expect(refusal.json?["error"]?.string == "controls_off")
                let message = refusal.json?["message"]?.string
                #expect(message?.contains("ORIEL_CONTROLS=1") == true && message?.contains("docs/controls.md") == true)
            }
            let deletion = try request("DELETE", system.web("/controls/main"))
            #expect(deletion.status == 405)
            #expect(deletion["allow"] == "GET, HEAD")
            #expect(deletion.json?["error"]?.string == "method_not_allowed")
            #expect(try request("GET", system.web("/controlsx")).status == 404)
            #expect(try request("GET", system.ingest("/controls/main")).status == 200)
        }
    }
}
