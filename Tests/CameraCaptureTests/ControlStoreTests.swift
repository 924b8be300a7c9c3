import JSON
import Linux
import Logging
import SystemPackage
import TestSupport
import Testing
import Video4Linux

@testable import CameraCapture

@Suite("Saved controls")
struct ControlStoreTests {
    private let folder = TemporaryFolder()
    private let log = RecordedLog()
    private var file: FilePath { folder.path.appending("a/b/oriel.main.controls.json") }

    private func store() -> ControlStore {
        let log = log
        return ControlStore(file, Logger(label: "test") { _ in log.handler })
    }

    private func camera(_ serial: String?, port: String, name: String = "Cam") throws -> CameraIdentity {
        let serial = serial.map { "\"\($0)\"" } ?? "null"
        let text =
            #"{"name":"\#(name)","product":"046d:082d","serial":\#(serial),"port":"\#(port)","interface":"1.0","#
            + #""index":0,"bus":""}"#
        return try #require(JSON(Array(text.utf8)).flatMap { CameraIdentity($0) })
    }

    private func values(_ store: ControlStore, _ camera: CameraIdentity) -> [String] {
        store.settings([], of: camera).map { "\($0.name)=\($0.value)" }
    }

    @Test("a camera with a serial number is recognized at any port, and one without a serial number by its port")
    func identity() throws {
        let first = store()
        try first.update(try camera("A", port: "1-1"), setting: ["brightness": 1, "gain": 2], removing: [])
        try first.update(try camera("B", port: "1-2"), setting: ["brightness": 3], removing: [])
        try first.update(try camera(nil, port: "1-3"), setting: ["brightness": 4], removing: [])
        for store in [first, store()] {
            #expect(values(store, try camera("A", port: "2-7")) == ["brightness=1", "gain=2"])
            #expect(values(store, try camera("B", port: "1-1")) == ["brightness=3"])
            #expect(values(store, try camera(nil, port: "1-3")) == ["brightness=4"])
            #expect(values(store, try camera(nil, port: "1-4")) == [])
            #expect(values(store, try camera("C", port: "1-1")) == [])
        }
        #expect(try FileStatus(at: file).permissions & 0o137 == 0)
        #expect(log.lines == [])
    }

    @Test(
        "saved settings override those of the command line, however the control is spelt there, until they are removed")
    func base() throws {
        let store = store()
        let camera = try camera("A", port: "1-1")
        let base = [try ControlSetting("Brightness=7"), try ControlSetting("gain=1")]
        try store.update(camera, setting: ["brightness": 140, "zoom": -1], removing: [])
        #expect(store.settings(base, of: camera).map(\.value) == ["1", "140", "-1"])
        try store.update(camera, setting: [:], removing: ["brightness", "zoom", "unknown"])
        #expect(store.settings(base, of: camera) == base)
        #expect(String(decoding: try File.contents(of: file), as: UTF8.self) == #"{"version":1,"cameras":[]}"# + "\n")
    }

    @Test("if there are too many cameras, the one whose controls were set longest ago is removed")
    func limit() throws {
        let store = store()
        for number in 0..<40 {
            try store.update(try camera("S\(number)", port: "1-1"), setting: ["a": Int64(number)], removing: [])
            try store.update(try camera("S0", port: "1-1"), setting: ["a": Int64(number)], removing: [])
        }
        #expect(values(store, try camera("S0", port: "1-1")) == ["a=39"])
        #expect(values(store, try camera("S39", port: "1-1")) == ["a=39"])
        #expect(values(store, try camera("S5", port: "1-1")) == [])
    }

    @Test(
        "an invalid file of settings is logged and ignored",
        arguments: [
            "", "[]", "{}", #"{"version":2,"cameras":[]}"#, #"{"version":1,"cameras":[{}]}"#,
            #"{"version":1,"cameras":[{"camera":{"name":"x","bus":"","index":0},"controls":{"a":1.5}}]}"#,
            #"{"version":1,"cameras":[{"camera":{"name":"x","bus":"","index":9e99},"controls":{}}]}"#,
        ])
    func damaged(text: String) throws {
        try Folder.make(file.removingLastComponent(), permissions: 0o700)
        try File.replace(file, with: Array(text.utf8), permissions: 0o600)
        #expect(values(store(), try camera("A", port: "1-1")) == [])
        #expect(log.lines.count == 1)
        #expect(log.lines[0].contains("is damaged"))
    }
}
