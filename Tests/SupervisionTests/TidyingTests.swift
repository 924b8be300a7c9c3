import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

/// Runs `oriel tidy` for a system that has exited.
@Suite("Cleaning up shared memory", .timeLimit(.minutes(1)))
struct TidyingTests {
    private let ring = TemporaryRing(camera: "b")
    private let folder = TemporaryFolder()

    private func tidy() throws {
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        let oriel = try ChildProcess(
            "\(ChildProcess.buildFolder())/oriel",
            ["tidy", folder.path.appending("run").string, ring.prefix.text, "b"], input: null.number)
        #expect(oriel.wait(milliseconds: 30_000) == 0)
    }

    private func exists(_ path: FilePath) -> Bool { (try? FileStatus(at: path, followingLinks: false)) != nil }

    /// Creates a file with the name of a ring.
    private func squat(_ name: RingName, _ bytes: [UInt8]) throws -> Descriptor {
        let file = try Descriptor(opening: name.path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        _ = try file.write(bytes)
        return file
    }

    /// Leaves a ring behind, as a writer that is killed does.
    private func leaveRing(_ name: RingName) throws {
        let other = TemporaryRing(camera: "copy")
        let publisher = try FramePublisher(other.name, slotByteCount: 4096, source: .test)
        try unsafe publisher.publish([UInt8](repeating: 1, count: 1).span.bytes, capture: .now(), width: 1, height: 1)
        let bytes = try File.contents(of: other.name.path)
        _ = try squat(name, bytes)
        _ = try Descriptor(opening: name.lockPath, flags: O_RDWR | O_CREAT, mode: 0o600)
    }

    @Test("The rings and lock files of killed writers are removed")
    func leftovers() throws {
        let names = [RingName.Kind.capture, .relay, .detect, .drawn].map { ring.ring("b", kind: $0) }
        for name in names { try leaveRing(name) }
        try tidy()
        for name in names { #expect(!exists(name.path) && !exists(name.lockPath), "\(name)") }
    }

    @Test("A ring with a live writer, which another system has started, remains with its lock file")
    func liveWriter() throws {
        let name = ring.ring("b", kind: .detect)
        let publisher = try FramePublisher(name, slotByteCount: 4096, source: .test)
        try unsafe publisher.publish([UInt8](repeating: 1, count: 1).span.bytes, capture: .now(), width: 1, height: 1)
        let file = try FileStatus(at: name.path)
        try tidy()
        #expect(try FileStatus(at: name.path).isSameFile(as: file))
        #expect(exists(name.lockPath))
    }

    @Test("The ring of a camera called `new` is not mistaken for a temporary object of another ring")
    func cameraCalledNew() throws {
        let relayed = ring.ring("new", kind: .relay)
        try leaveRing(relayed)
        let null = try Descriptor(opening: "/dev/null", flags: O_RDONLY)
        let oriel = try ChildProcess(
            "\(ChildProcess.buildFolder())/oriel",
            ["tidy", folder.path.appending("run").string, ring.prefix.text, "relay"], input: null.number)
        #expect(oriel.wait(milliseconds: 30_000) == 0)
        #expect(exists(relayed.path))
    }

    @Test("A file that is not a ring remains")
    func notARing() throws {
        _ = try squat(ring.name, Array("precious".utf8))
        try tidy()
        #expect(try File.contents(of: ring.name.path) == Array("precious".utf8))
    }

    @Test("A pipe or a folder with the name of a ring remains")
    func otherKinds() throws {
        let (pipe, directory) = (ring.name.path, ring.ring("b", kind: .relay).path)
        try #require(unsafe pipe.withPlatformString { unsafe mkfifo($0, 0o600) } == 0)
        try Folder.make(directory, permissions: 0o700)
        try tidy()
        #expect(exists(pipe) && exists(directory))
        _ = unsafe directory.withPlatformString { unsafe rmdir($0) }
    }

    @Test(
        "The files of another user remain, even if root runs Oriel", .enabled(if: geteuid() == 0, "requires root"))
    func foreign() throws {
        let names = [ring.name, ring.ring("b", kind: .detect)]
        for name in names {
            try leaveRing(name)
            for path in [name.path, name.lockPath] {
                try #require(unsafe path.withPlatformString { unsafe chown($0, 65_534, 65_534) } == 0)
            }
        }
        try tidy()
        for name in names { #expect(exists(name.path) && exists(name.lockPath), "\(name)") }
    }
}
