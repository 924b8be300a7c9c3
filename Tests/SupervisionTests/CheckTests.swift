import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

/// Runs `oriel check`.
@Suite("oriel check", .timeLimit(.minutes(1)))
struct CheckTests {
    private let folder = TemporaryFolder()

    /// Runs `oriel check` with a configuration; returns its exit status and everything that it printed.
    private func check(
        _ text: String, _ options: [String] = [], launcher: [String] = [], variables: [String: String] = [:]
    ) throws -> (status: CInt, output: String) {
        try folder.write(text, to: "oriel.conf", permissions: [.ownerReadWrite, .otherRead])
        let programs = try ChildProcess.buildFolder()
        let command =
            launcher + [
                "\(programs)/oriel", "check", "--config", folder.path.string, "--share", OrielSystem.root.string,
            ]
            + options
        var environment = ["ORIEL_BIN_DIR": programs, "ORIEL_DEPLOY_DIR": ""]
        for name in ["ORIEL_CONFIG", "ORIEL_CAMERAS", "ORIEL_DEVICE", "ORIEL_DETECTOR", "ORIEL_RUNTIME_DIR"] {
            environment[name] = ""
        }
        let log = folder.path.appending("errors")
        File.remove(log)
        let process = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: environment.merging(variables) { $1 },
            log: log.string)
        let output = process.readToEnd()
        let status = process.wait()
        return (status, output + String(decoding: try File.contents(of: log), as: UTF8.self))
    }

    private let camera = "[camera main]\ndevice = pattern\n"

    @Test("A valid configuration is valid, and its running or removed runtime folder does not change that")
    func valid() throws {
        let runtime = folder.path.appending("run")
        let text = camera + "[system]\nruntime-folder = \(runtime)\n"
        #expect(try check(text).status == 0)
        try Folder.make(runtime, permissions: 0o755)
        try folder.write("", to: "run/supervisor.lock")
        let result = try check(text)
        #expect(result.status == 0 && !result.output.contains("warning"), "\(result)")
    }

    @Test("All mistakes are reported at once, including those about devices and the runtime folder")
    func allAtOnce() throws {
        let runtime = folder.path.appending("run")
        try Folder.make(runtime, permissions: 0o755)
        try folder.write("precious", to: "run/file")
        let result = try check(
            """
            [camera a]
            device = /dev/null
            fps = fast
            [camera b]
            device = \(folder.path)/oriel.conf
            [camera c]
            device = /no/such/folder
            [system]
            runtime-folder = \(runtime)
            """)
        #expect(result.status == 78)
        for line in [
            ":2: the device of camera 'a' is not a camera", ":3: 'fps' is 'fast'",
            ":5: the device of camera 'b' is a file", ":7: the device of camera 'c' does not exist",
            ":9: the runtime folder \(runtime) contains files that Oriel has not created; give an empty folder",
        ] { #expect(result.output.contains(line), "\(line): \(result.output)") }
        #expect(!result.output.contains("remove the folder"))
    }

    @Test("A runtime folder that cannot be created is a mistake", arguments: ["/dev/null/run", "/dev/null"])
    func impossibleRuntimeFolder(path: String) throws {
        let result = try check(camera + "[system]\nruntime-folder = \(path)\n")
        #expect(result.status == 78 && result.output.contains("oriel.conf:4: the runtime folder \(path)"), "\(result)")
    }

    @Test("A folder without Oriel's files is reported, with and without mistakes in the configuration")
    func share() throws {
        let share = ["--share", "/nonexistent"]
        let valid = try check(camera, share)
        #expect(valid.status == 66 && valid.output.contains("set --share"), "\(valid)")
        let invalid = try check(camera + "fps = fast\n", share)
        #expect(invalid.status == 78 && invalid.output.contains("set --share"), "\(invalid)")
        #expect(invalid.output.contains("'fps' is 'fast'"))
    }

    @Test("Missing files of detection are warnings, because they may be installed later")
    func detection() throws {
        let text = camera + "[detection]\nmodel = /no/model\nonnxruntime = /no/library\nfolder = /no/folder\n"
        let result = try check(text)
        #expect(result.status == 0)
        for (line, path) in [(4, "/no/model"), (5, "/no/library"), (6, "/no/folder")] {
            #expect(result.output.contains("oriel.conf:\(line): \(path) does not exist"), "\(result.output)")
        }
    }

    @Test("An empty --config is refused, so that no other configuration is checked by mistake")
    func emptyOption() throws {
        let result = try check(camera, ["--config", ""])
        #expect(result.status == 64 && result.output.contains("--config is empty"), "\(result)")
    }

    @Test(
        "A folder cameras.d that this user cannot read is a mistake", .enabled(if: geteuid() == 0, "requires root"),
        .enabled(if: OrielSystem.isOpenToOthers, "other users cannot read the checkout"))
    func unreadableFolder() throws {
        try Folder.make(folder.path.appending("cameras.d"), permissions: 0o700)
        Folder.setPermissions(folder.path, 0o755)
        let result = try check(camera, launcher: ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"])
        #expect(result.status == 78, "\(result)")
        #expect(
            result.output.contains("cameras.d: the folder cannot be read (Permission denied); let this user read it"))
    }

    @Test(
        "A port that only root may use is a warning for other users", .enabled(if: geteuid() == 0, "requires root"),
        .enabled(if: OrielSystem.isOpenToOthers, "other users cannot read the checkout"))
    func privilegedPort() throws {
        // A network namespace of its own has the kernel's default, whatever this machine's setting is.
        Folder.setPermissions(folder.path, 0o755)
        let launcher = [
            "unshare", "--net", "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all",
            "--bounding-set=-all",
        ]
        let result = try check(camera + "[web]\nlisten = 0.0.0.0:80\n", launcher: launcher)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("oriel.conf:4: this user must not listen on port 80"), "\(result)")
    }
}
