import Configuration
import Daemon
import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

@testable import Supervision

/// The runtime folder of a running system is removed, replaced, or used by another system.
@Suite("Restoring the runtime folder", .timeLimit(.minutes(1)))
struct RuntimeFolderTests {
    private let place = TemporaryFolder()
    private var path: FilePath { place.path.appending("run") }

    private func makeRuntime() throws -> RuntimeFolder {
        var configuration = SystemConfiguration()
        configuration.runtimeFolder = path.string
        return try RuntimeFolder(configuration)
    }

    private func exists(_ path: FilePath) -> Bool { (try? FileStatus(at: path, followingLinks: false)) != nil }

    /// Runs `oriel tidy` as it runs when a system with this folder has exited.
    private func tidy() throws {
        let ring = TemporaryRing(camera: "b")
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        let oriel = try ChildProcess(
            "\(ChildProcess.buildFolder())/oriel", ["tidy", path.string, ring.prefix.text, "b"], input: null.number)
        #expect(oriel.wait(milliseconds: 30_000) == 0)
    }

    @Test("A folder that another system has taken remains that system's until it exits")
    func takenByAnother() throws {
        let first = try makeRuntime()
        Folder.remove(path)
        let second = try makeRuntime()
        let files = Folder.names(in: path)
        for _ in 0..<2 {
            let failure = #expect(throws: Failure.self) { try first.restore() }
            #expect(failure?.description.contains("another Oriel system uses the runtime folder \(path)") == true)
        }
        #expect(Folder.names(in: path) == files)
        second.release()
        try first.restore()
        // The folder is locked for the first system now.
        #expect(throws: Failure.self) { _ = try makeRuntime() }
    }

    @Test("The lock file is created again if only it has been removed")
    func lockFile() throws {
        let runtime = try makeRuntime()
        File.remove(path.appending(RuntimeFolder.lockName))
        try runtime.restore()
        #expect(exists(path.appending(RuntimeFolder.lockName)))
        let failure = #expect(throws: Failure.self) { _ = try makeRuntime() }
        #expect(failure?.description.contains("is in use by another Oriel system") == true)
    }

    @Test("Nothing takes the place of a link or a file, and it remains", arguments: [false, true])
    func obstacle(isLink: Bool) throws {
        let runtime = try makeRuntime()
        Folder.remove(path)
        if isLink { try place.link("run", to: "/no/such/folder") } else { try place.write("precious", to: "run") }
        #expect(throws: Failure.self) { try runtime.restore() }
        #expect(exists(path))
        File.remove(path)
        try runtime.restore()
        #expect(exists(path.appending(RuntimeFolder.lockName)))
    }

    @Test(
        "A folder that root has created again for the user is accepted, but no other user's",
        .enabled(if: geteuid() == 0, "requires root"))
    func owner() throws {
        let runtime = try makeRuntime()
        Folder.remove(path)
        try Folder.make(path, permissions: 0o755)
        Folder.setPermissions(path, 0o775)
        try runtime.restore()
        Folder.remove(path)
        try Folder.make(path, permissions: 0o755)
        try #require(unsafe path.withPlatformString { unsafe chown($0, 65_534, 65_534) } == 0)
        #expect(throws: Failure.self) { try runtime.restore() }
        #expect(Folder.names(in: path).isEmpty)
    }

    @Test("Cleaning up removes the folder of a system that has exited, but not one that another system uses")
    func tidying() throws {
        let first = try makeRuntime()
        Folder.remove(path)
        let second = try makeRuntime()
        try tidy()
        #expect(exists(path.appending(RuntimeFolder.lockName)))
        second.release()
        try tidy()
        #expect(!exists(path))
        _ = first
    }

    @Test("Cleaning up leaves a folder that Oriel has not locked alone")
    func foreignFolder() throws {
        try Folder.make(path, permissions: 0o755)
        let precious = try place.write("precious", to: "run/file")
        try tidy()
        #expect(exists(precious))
    }
}

/// Files in the runtime folder are missing.
@Suite("Missing files")
struct MissingFileTests {
    private let place = TemporaryFolder()

    private func makePlan() throws -> SystemPlan {
        var reader = ConfigurationReader(ownAddresses: [])
        reader.read(["ORIEL_CAMERAS": "main=pattern"])
        return SystemPlan(
            try reader.result(), Installation(share: "/usr/share/oriel", variables: [:]), runtime: place.path)
    }

    @Test("A link to a page that does not exist for a moment does not count as missing")
    func danglingPage() throws {
        let nginx = NginxConfiguration(try makePlan())
        try Folder.make(place.path.appending("nginx-web/tmp"), permissions: 0o755)
        try place.write("", to: "nginx-web/nginx.conf")
        #expect(nginx.missingFile(of: "web") == place.path.appending("html"))
        try place.link("html", to: "/no/such/folder")
        #expect(nginx.missingFile(of: "web") == nil)
    }

    @Test("A program is not restarted if a file is missing in only one check")
    func twice() throws {
        let part = SupervisedPart(try #require(try makePlan().parts.last), oriel: "/opt/oriel/oriel")
        part.state = .running(.max, since: .now)
        #expect(part.lostFile("/x") == nil)
        #expect(part.lostFile(nil) == nil)
        #expect(part.lostFile("/x") == nil)
        #expect(part.lostFile("/x") == "/x")
    }
}
