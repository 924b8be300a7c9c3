import Glibc
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@testable import CameraCapture

/// Tests that read and set controls of a camera while capture-daemon runs.
///
/// The camera is a fake one, which no other process sees.
@Suite("The control socket", .timeLimit(.minutes(3)))
struct ControlSocketTests {
    private let folder = TemporaryFolder()

    private func start(
        _ arguments: [String] = [], settings: [String: String] = [:], camera: FakeCamera? = nil,
        ring: TemporaryRing = TemporaryRing()
    ) throws -> RunningDaemon {
        let own = ["FAKE_CAMERA_FORMATS": "yuyv", "FAKE_CAMERA_CALLS": folder.path.appending("calls").string]
        let camera = try camera ?? FakeCamera(settings: own.merging(settings) { $1 })
        let state = ["STATE_DIRECTORY": folder.path.appending("state").string]
        let daemon = try RunningDaemon(
            ["--device", "/dev/video0", "--size", "640x480"] + arguments,
            environment: camera.environment.merging(state) { $1 }, ring: ring)
        _ = try daemon.status(.live)
        return daemon
    }

    /// What the daemon has done with the fake camera so far: a line for each control that it set, and a line for each
    /// start of streaming.
    private var calls: [String] {
        let bytes = (try? File.contents(of: folder.path.appending("calls"))) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func file(_ ring: TemporaryRing) -> FilePath {
        folder.path.appending("state/\(ring.prefix).main.controls.json")
    }

    private func text(of file: FilePath) -> String {
        String(decoding: (try? File.contents(of: file)) ?? [], as: UTF8.self)
    }

    @Test(
        "the control socket returns the same controls and formats as `capture-daemon devices`, with the current values")
    func reading() throws {
        // Create the part of /sys that makes the camera appear in the list of devices.
        let node = folder.path.appending("sys/class/video4linux/video0")
        try Folder.make(node, permissions: 0o700)
        try folder.write("Fake Camera\n", to: "sys/class/video4linux/video0/name")
        let camera = try FakeCamera(settings: [
            "FAKE_CAMERA_FORMATS": "yuyv", "FAKE_CAMERA_SYS": folder.path.appending("sys").string,
        ])
        let daemon = try start(camera: camera)
        let answer = try daemon.ask(#"{"do":"read"}"#)
        #expect(answer.status == 200)
        #expect(answer["camera"]?.string == "main")
        #expect(
            answer["device"]?.description == #"{"driver": "uvcvideo", "name": "Fake Camera", "path": "/dev/video0"}"#)
        #expect(answer["now"]?.description == #"{"format": "yuyv", "fps": 30, "size": "640x480"}"#)
        let list = try ChildProcess(
            RunningDaemon.program(), ["devices", "--json"], environment: camera.environment
        ).readToEnd()
        let device = try #require(JSON(list)?[0])
        #expect(answer["controls"] == device["controls"])
        #expect(answer["controls"]?.array?.count == 6)
        #expect(answer["formats"] == device["formats"])
    }

    @Test("settings are applied whatever their order, and the response has the values that the camera has set")
    func setting() throws {
        let daemon = try start()
        let answer = try daemon.set(
            #"{"white_balance_temperature":3000,"white_balance_automatic":false,"brightness":300,"#
                + #""power_line_frequency":"60 Hz","white_balance_once":true}"#)
        #expect(answer.status == 200)
        let results = answer["results"]?.array ?? []
        #expect(results.map { $0["name"]?.string }.count == 5)
        #expect(results.map { $0["value"]?.number } == [3000, 0, 255, 2, nil])
        #expect(results.map { $0["asked"]?.description } == ["3000", "false", "300", "\"60 Hz\"", "true"])
        #expect(results[2]["message"]?.string == "300 is outside the range from 0 to 255, so 255 was set.")
        #expect(results.indices.allSatisfy { $0 == 2 || results[$0]["message"] == .null })
        #expect(daemon.value(of: "brightness") == 255)
        #expect(calls.contains("White Balance Once 1"))
        let large = try daemon.set(#"{"brightness":9223372036854775808,"power_line_frequency":1e0}"#)
        #expect(large["results"]?.array?.map { $0["value"]?.number } == [255, 1])
        #expect(
            large["results"]?[0]?["message"]?.string
                == "9.223372036854776e+18 is outside the range from 0 to 255, so 255 was set.")
        #expect(large["results"]?[1]?["message"] == .null)
        // While an automatic control is on, the control that it overrides cannot be set.
        let ruled = try daemon.set(#"{"white_balance_automatic":true,"white_balance_temperature":4000}"#)
        #expect(ruled["results"]?[1]?["message"]?.string?.contains("inactive") == true)
        #expect(ruled["results"]?[1]?["value"]?.number == 3000)
    }

    @Test(
        "if any setting is invalid, nothing is set, and the response says what would be valid",
        arguments: [
            (#"{"brightness":1,"zoom":2}"#, 400, "There is no control 'zoom': choose one of brightness"),
            (#"{"brightness":1,"privacy":true}"#, 409, "The control 'privacy' is read-only: leave it out."),
            (
                #"{"brightness":1,"power_line_frequency":"70 Hz"}"#, 400,
                "The control 'power_line_frequency' has no choice '70 Hz': choose one of 0 (Disabled)"
            ),
            (#"{"brightness":1,"power_line_frequency":7}"#, 400, "has no choice '7'"),
            (#"{"brightness":1,"white_balance_automatic":2}"#, 400, "true or false"),
            (#"{"brightness":1,"white_balance_automatic":"on"}"#, 400, "true or false"),
            (#"{"brightness":1.5}"#, 400, "The control 'brightness' accepts a whole number from 0 to 255, not 1.5."),
            (#"{"brightness":"1"}"#, 400, "a whole number"), (#"{"brightness":true}"#, 400, "a whole number"),
            (#"{"brightness":[1]}"#, 400, "a whole number"),
            (
                #"{"brightness":1,"brightness":2}"#, 400,
                "The request names the control 'brightness' twice: name it once."
            ),
            (#"{"brightness":1,"white_balance_once":1}"#, 400, "accepts true"),
            (
                #"{"brightness":1,"white_balance_once":null}"#, 400,
                "The control 'white_balance_once' has no default: leave it out."
            ),
            (#"{"brightness":1,"*":0}"#, 400, "'*' accepts only null"), ("[1]", 400, "an object"),
            ("3", 400, "an object"),
        ])
    func refusals(controls: String, status: Int, sentence: String) throws {
        // The daemon reopens a camera that is silent for longer than the timeout, and `calls` then contains another
        // line. To prevent this, the timeout is long enough even for a slow machine.
        let daemon = try start(["--timeout", "60"])
        let answer = try daemon.set(controls)
        #expect(answer.status == status)
        #expect(answer["error"]?.string == (status == 409 ? "read_only" : "bad_request"))
        #expect(answer["message"]?.string?.contains(sentence) == true, "\(answer["message"]?.string ?? "")")
        #expect(calls == ["STREAMON 0"])
    }

    @Test("null resets a control to the value of the command line or the default, and a star resets all controls")
    func defaults() throws {
        let daemon = try start(["--control", "brightness=7"])
        _ = try daemon.set(
            #"{"brightness":99,"power_line_frequency":0,"white_balance_automatic":false,"white_balance_temperature":2900}"#
        )
        let one = try daemon.set(#"{"brightness":null}"#)
        #expect(one["results"]?[0]?["value"]?.number == 7)
        let all = try daemon.set(#"{"*":null,"brightness":12}"#)
        #expect(all["results"]?.array?.count == 4)
        #expect(all["results"]?.array?.allSatisfy { $0["message"] == .null } == true)
        #expect(daemon.value(of: "white_balance_automatic") == 1)
        #expect(daemon.value(of: "white_balance_temperature") == 4600)
        #expect(daemon.value(of: "power_line_frequency") == 1)
        #expect(daemon.value(of: "brightness") == 12)
        #expect(text(of: file(daemon.ring)).contains(#""controls":{"brightness":12}"#))
    }

    @Test("after a replug or a restart, settings are restored before the first picture, unless they were reset")
    func kept() throws {
        let ring = TemporaryRing()
        let camera = try FakeCamera(settings: [
            "FAKE_CAMERA_FORMATS": "yuyv", "FAKE_CAMERA_CALLS": folder.path.appending("calls").string,
        ])
        let base = ["--control", "brightness=7", "--control", "power_line_frequency=60 Hz"]
        let first = try start(base, camera: camera, ring: ring)
        #expect(calls == ["Brightness 7", "Power Line Frequency 2", "STREAMON 0"])
        _ = try first.set(#"{"brightness":140,"white_balance_automatic":false,"white_balance_temperature":3100}"#)
        try camera.setFaults("unplug")
        _ = try first.status(.waiting)
        try camera.setFaults("")
        _ = try first.status(.live)
        #expect(first.value(of: "brightness") == 140)
        #expect(first.value(of: "white_balance_temperature") == 3100)
        #expect(first.stop(SIGKILL) == -SIGKILL)
        let before = calls.count
        let second = try start(base, camera: camera, ring: ring)
        // Wait for the new daemon's calls. Until this daemon sets a state, the ring has the killed daemon's state.
        #expect(eventually(30) { calls.count > before && calls.last == "STREAMON 0" })
        let again = Array(calls[before...])
        #expect(again.last == "STREAMON 0")
        #expect(again.contains("Brightness 140") && again.contains("White Balance Temperature 3100"))
        #expect(!again.contains("Brightness 7"))
        #expect(eventually(30) { second.value(of: "power_line_frequency") == 2 })
        _ = try second.set(#"{"brightness":null,"white_balance_temperature":null}"#)
        #expect(second.stop() == 0)
        let third = try start(base, camera: camera, ring: ring)
        #expect(third.value(of: "brightness") == 7)
        #expect(third.value(of: "white_balance_temperature") == 4600)
        #expect(third.value(of: "white_balance_automatic") == 0)
    }

    @Test("a setting that an automatic control overrides is saved, and restored once that control is off")
    func ruled() throws {
        let ring = TemporaryRing()
        let camera = try FakeCamera(settings: ["FAKE_CAMERA_FORMATS": "yuyv"])
        let daemon = try start(camera: camera, ring: ring)
        _ = try daemon.set(#"{"white_balance_automatic":false,"white_balance_temperature":5000}"#)
        _ = try daemon.set(#"{"white_balance_automatic":true}"#)
        try camera.setFaults("unplug")
        _ = try daemon.status(.waiting)
        try camera.setFaults("")
        _ = try daemon.status(.live)
        #expect(daemon.value(of: "white_balance_automatic") == 1)
        #expect(daemon.value(of: "white_balance_temperature") == 4600)
        // A change of another control does not restore the overridden setting.
        _ = try daemon.set(#"{"brightness":3}"#)
        #expect(daemon.value(of: "white_balance_temperature") == 4600)
        let answer = try daemon.set(#"{"white_balance_automatic":false}"#)
        let shown = answer["controls"]?.array?.first { $0["name"]?.string == "white_balance_temperature" }
        #expect(shown?["value"]?.number == 5000)
        #expect(shown?["inactive"] == .bool(false))
        #expect(daemon.value(of: "white_balance_temperature") == 5000)
        #expect(text(of: file(ring)).contains(#""white_balance_temperature":5000"#))
        #expect(!daemon.log.contains { $0.contains("refuses") }, "\(daemon.log)")
        #expect(daemon.stop() == 0)
        // A command line that sets an overridden control causes a warning.
        let other = try start(["--control", "white_balance_temperature=5000"], camera: camera)
        #expect(other.log.count { $0.contains("refuses 5000 for the control 'white_balance_temperature'") } == 1)
        _ = try other.set(#"{"white_balance_automatic":false}"#)
        #expect(other.value(of: "white_balance_temperature") == 5000)
    }

    @Test("a damaged file of settings is logged, and it is not replaced until a control is set")
    func damaged() throws {
        let ring = TemporaryRing()
        try Folder.make(folder.path.appending("state"), permissions: 0o700)
        try folder.write("{\"version\": 1, \"came", to: "state/\(ring.prefix).main.controls.json")
        let daemon = try start(ring: ring)
        #expect(daemon.log.count { $0.contains("controls.json is damaged") } == 1)
        #expect(text(of: file(ring)) == "{\"version\": 1, \"came")
        _ = try daemon.set(#"{"brightness":3}"#)
        #expect(text(of: file(ring)).contains(#""controls":{"brightness":3}"#))
        #expect(Folder.names(in: folder.path.appending("state")).count == 1)
    }

    @Test("a setting that cannot be saved is applied anyway, and the response says so")
    func noPlace() throws {
        try folder.write("a file, no folder", to: "state")
        let daemon = try start()
        for _ in 0..<2 {
            let result = try daemon.set(#"{"brightness":3}"#)["results"]?[0]
            #expect(result?["value"]?.number == 3)
            let message = try #require(result?["message"]?.string)
            #expect(message.hasPrefix("The change could not be saved, so it will be lost at the next start: "))
        }
        #expect(daemon.log.count { $0.contains("cannot be saved, so changes will be lost") } == 1)
    }

    @Test("an absent camera is reported with the reason, and a source that is not a camera has no controls")
    func others() throws {
        let camera = try FakeCamera(settings: ["FAKE_CAMERA_FORMATS": "yuyv"])
        let daemon = try start(camera: camera)
        try camera.setFaults("unplug")
        _ = try daemon.status(.waiting)
        for request in [#"{"do":"read"}"#, #"{"do":"set","controls":{"brightness":1}}"#] {
            let answer = try daemon.ask(request)
            #expect(answer.status == 503)
            #expect(answer["error"]?.string == "camera_offline")
            #expect(answer["camera"]?.string == "main")
            #expect(answer["message"]?.string?.contains("/dev/video0") == true)
        }
        let pattern = try RunningDaemon(["--device", "pattern", "--size", "320x240"])
        _ = try pattern.status(.live)
        let answer = try pattern.ask(#"{"do":"read"}"#)
        #expect(answer.status == 200)
        #expect(answer["now"]?.description == #"{"format": "yu12", "fps": 30, "size": "320x240"}"#)
        #expect(answer["controls"]?.array == [])
        #expect(answer["formats"]?.array == [])
        #expect(try pattern.set("{}").status == 200)
        #expect(try pattern.set(#"{"brightness":1}"#).status == 400)
    }

    @Test("only the daemon's user and group can open its socket, which replaces an old one and is removed on exit")
    func socket() throws {
        let ring = TemporaryRing()
        let place = TemporaryFolder()
        let arguments = ["--device", "pattern", "--size", "64x64", "--runtime-dir", place.path.string]
        let socket = place.path.appending("control.main.sock")
        let killed = try RunningDaemon(arguments, ring: ring)
        _ = try killed.status(.live)
        let old = try FileStatus(at: socket)
        #expect(old.permissions == 0o660)
        _ = killed.stop(SIGKILL)
        #expect((try? FileStatus(at: socket)) != nil)
        let next = try RunningDaemon(arguments, ring: ring)
        _ = try next.status(.live)
        #expect(eventually { (try? Socket.connect(to: socket)) != nil })
        // A second daemon with the same folder does not replace the first daemon's socket. The second daemon captures
        // without controls.
        let other = try RunningDaemon(arguments)
        _ = try other.status(.live)
        #expect(other.log.contains { $0.contains("the controls cannot be changed") })
        _ = other.stop()
        #expect((try? Socket.connect(to: socket)) != nil)
        #expect(next.stop() == 0)
        #expect(Folder.names(in: place.path).isEmpty)
    }

    @Test("clients that send nothing, nonsense or too much affect neither other clients nor the pictures")
    func hostile() throws {
        let daemon = try start()
        daemon.subscriber.takeInterest()
        let number = try daemon.frame().description.number
        var silent: [CInt] = []
        defer { for number in silent { _ = Descriptor(owning: number) } }
        let count = min(1000, ResourceLimit.raiseOpenFiles() - 100)
        for _ in 0..<count { silent.append(try Socket.connect(to: daemon.controlSocket).release()) }
        #expect(try daemon.ask(#"{"do":"read"}"#).status == 200)
        var generator = SystemRandomNumberGenerator()
        let descriptors = "/proc/\(daemon.process.processIdentifier)/fd"
        for index in 0..<200 {
            let socket = try Socket.connect(to: daemon.controlSocket)
            let length = index.isMultiple(of: 50) ? 1 << 20 : 300
            var bytes = [UInt8]((0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
            if index.isMultiple(of: 2) { bytes.append(UInt8(ascii: "\n")) }
            setNonBlocking(socket)
            _ = Socket.send(bytes, from: 0, to: socket.number)
            #expect(Folder.names(in: FilePath(descriptors)).count < 100)
        }
        #expect(try daemon.ask("{\"do\":\"read\"}" + String(repeating: " ", count: 90_000)).status == 200)
        #expect(try daemon.ask(String(repeating: "[", count: 90_000)).status == 400)
        #expect(try daemon.ask("").status == 400)
        #expect(throws: (any Error).self) { try daemon.ask(String(repeating: " ", count: 200_000)) }
        #expect(try daemon.set(#"{"brightness":9}"#).status == 200)
        _ = try daemon.frame(after: number + 20)
        #expect(try #require(daemon.subscriber.status).restarts == 0)
        #expect(silent.count == count)
    }

    private func setNonBlocking(_ socket: borrowing Descriptor) { try? socket.setNonBlocking(true) }
}
