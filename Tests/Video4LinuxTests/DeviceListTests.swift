import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import Video4Linux

/// The list of devices that capture-daemon prints for a fake camera, with a temporary folder in place of /sys.
@Suite("The list of devices", .timeLimit(.minutes(2)))
struct DeviceListTests {
    private let tree: SystemTree
    private let camera: FakeCamera

    init() throws {
        tree = try SystemTree()
        camera = try FakeCamera(settings: [
            "FAKE_CAMERA_SYS": tree.folder.path.string, "FAKE_CAMERA_FORMATS": "mjpeg,yuyv",
            "FAKE_CAMERA_SIZES": "1280x720,640x480",
        ])
    }

    private func devices(_ arguments: String...) throws -> String {
        let program = try ChildProcess.buildFolder() + "/capture-daemon"
        let process = try ChildProcess(program, ["devices"] + arguments, environment: camera.environment)
        let output = process.readToEnd()
        #expect(process.wait() == 0)
        return output
    }

    @Test("the JSON has one object per camera with all of its choices, and leaves out metadata nodes")
    func json() throws {
        let list = try #require(JSON(try devices("--json")))
        #expect(list.array?.count == 1)
        let device = try #require(list[0])
        #expect(device["path"]?.string == "/dev/video0")
        #expect(device["driver"]?.string == "uvcvideo")
        #expect(device["product"]?.string == "046d:082d")
        #expect(device["serial"]?.string == "A \"1\"")
        #expect(device["port"]?.string == "1-4")
        #expect(device["usable"]?.bool == true)
        #expect(device["problem"] == .null)
        #expect(device["formats"]?.array?.map { $0["format"]?.string } == ["mjpeg", "yuyv"])
        let sizes = device["formats"]?[0]?["sizes"]?.array
        #expect(sizes?.map { $0["size"]?.string } == ["1280x720", "640x480"])
        #expect(sizes?[0]["fps"]?.array?.map(\.number) == [30, 15])
        let menu = device["controls"]?.array?.first { $0["name"]?.string == "power_line_frequency" }
        #expect(menu?["choices"]?["2"]?.string == "60 Hz")
        let inactive = device["controls"]?.array?.filter { $0["inactive"]?.bool == true }.map { $0["name"]?.string }
        #expect(inactive == ["white_balance_temperature"])
    }

    @Test("the text lists options that can be copied to the command line")
    func text() throws {
        let lines = try devices().split(separator: "\n").map(String.init)
        #expect(lines.first == "Fake Camera")
        for option in [
            "--device /dev/video0", "--format mjpeg", "--format yuyv", "--size 1280x720    --fps 30, 15",
            "--control brightness=128    0 to 255, default 128",
            "--control power_line_frequency=1    0 (Disabled), 1 (50 Hz), 2 (60 Hz), default 1",
        ] {
            #expect(lines.contains { $0.contains(option) }, "\(option)")
        }
    }

    @Test("a camera that the user may not open is listed together with what to do")
    func denied() throws {
        try camera.setFaults("denied")
        let list = try #require(JSON(try devices("--json")))
        #expect(list[0]?["name"]?.string == "Fake Camera")
        #expect(list[0]?["usable"]?.bool == false)
        #expect(list[0]?["problem"]?.string?.contains("group video") == true)
        #expect(try devices().contains("group video"))
    }

    @Test("without a camera the list is empty, and the text says what to do")
    func none() throws {
        try camera.setFaults("unplug")
        #expect(try devices("--json") == "[]\n")
        #expect(try devices().contains("--device pattern"))
    }
}

/// A folder that imitates /sys for one USB camera with two device nodes: one for pictures, and one for metadata.
private struct SystemTree {
    let folder = TemporaryFolder()

    init() throws {
        for name in [
            "class", "class/video4linux", "class/video4linux/video0", "class/video4linux/video1", "dev", "dev/char",
            "devices", "devices/1-4", "devices/1-4/1-4:1.0",
        ] {
            let path = folder.path.string + "/" + name
            try systemCall("mkdir", path) { unsafe mkdir(path, 0o700) }
        }
        for (index, node) in ["video0", "video1"].enumerated() {
            try folder.write("\(index)\n", to: "class/video4linux/\(node)/index")
            try folder.write("Fake Camera\n", to: "class/video4linux/\(node)/name")
            try link("../../../devices/1-4/1-4:1.0", "class/video4linux/\(node)/device")
        }
        try link("../../class/video4linux/video0", "dev/char/81:0")
        try folder.write("046d\n", to: "devices/1-4/idVendor")
        try folder.write("082d\n", to: "devices/1-4/idProduct")
        try folder.write("A \"1\"\n", to: "devices/1-4/serial")
    }

    private func link(_ target: String, _ name: String) throws {
        let path = folder.path.string + "/" + name
        try systemCall("symlink", path) { unsafe symlink(target, path) }
    }
}
