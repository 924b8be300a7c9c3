import Configuration
import Linux
import Supervision
import SystemPackage
import Testing

@Suite("The programs of a system")
struct PlanTests {
    private func plan(_ variables: [String: String], _ text: String? = nil) throws -> SystemPlan {
        var reader = ConfigurationReader(ownAddresses: [])
        if let text { reader.read([ConfigurationFile("oriel.conf", .bytes(Array(text.utf8)))]) }
        reader.read(variables)
        let installation = Installation(share: "/usr/share/oriel", variables: ["ORIEL_BIN_DIR": "/opt/oriel"])
        return SystemPlan(try reader.result(), installation, runtime: "/run/oriel")
    }

    @Test("Each local camera has a daemon and is relayed from the ingest server; upstreams are relayed directly")
    func cameras() throws {
        let plan = try plan([
            "ORIEL_CAMERAS": "main=pattern yard=http://10.0.0.5:9001/mjpeg/yard", "ORIEL_INGEST_PORT": "9100",
        ])
        #expect(plan.parts.map(\.name) == ["capture-main", "mjpeg-fcgi", "relay-fcgi", "nginx-ingest", "nginx-web"])
        let capture = try #require(plan.parts.first)
        #expect(capture.command.program == "/opt/oriel/capture-daemon")
        #expect(capture.command.arguments == ["--camera", "main", "--device", "pattern"])
        #expect(capture.socket == nil && capture.log == "/run/oriel/log/capture-main.log")
        #expect(plan.parts[1].command.arguments == ["--camera", "main"])
        #expect(plan.parts[1].socket == "/run/oriel/mjpeg-fcgi.sock")
        #expect(
            plan.parts[2].command.arguments == [
                "--upstream", "main=http://127.0.0.1:9100/mjpeg/main", "--upstream",
                "yard=http://10.0.0.5:9001/mjpeg/yard",
            ])
        #expect(capture.command.variables["ORIEL_PREFIX"] == "oriel")
        #expect(capture.command.variables["no_proxy"]?.hasSuffix("localhost,127.0.0.1,::1,127.0.0.1") == true)
    }

    @Test("The settings of a camera become options of capture-daemon")
    func options() throws {
        let plan = try plan(
            [:],
            """
            [camera door]
            device = /dev/video2
            size = 640x480
            fps = 15
            format = yuyv
            quality = 70
            rotate = 180
            flip = both
            warmup = 3
            timeout = 4
            control.brightness = 128
            """)
        let arguments = plan.parts.first?.command.arguments.joined(separator: " ")
        #expect(
            arguments == "--camera door --device /dev/video2 --size 640x480 --fps 15.0 --format yuyv --quality 70 "
                + "--rotate 180 --flip both --warmup 3 --timeout 4.0 --control brightness=128")
    }
}
