import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import TestSupport
import Testing

/// Problems with shared memory: it is full, or an object in it is not trusted.
@Suite("Shared memory", .timeLimit(.minutes(3)))
struct SharedMemoryTests {
    let ring = TemporaryRing()

    @Test(
        "if /dev/shm is full, the error says what to do, and the exit status is 73",
        .enabled(if: hasNamespaces, noNamespaces))
    func full() throws {
        let writer = try crowded(kilobytes: 64, ["write", "--prefix", "crowd", "--size", "1000000"])
        let text = writer.readToEnd()
        #expect(text.contains("MB, but /dev/shm is full: free some memory"))
        #expect(writer.wait() == EX_CANTCREAT)
    }

    @Test(
        "if other programs fill /dev/shm, rings keep working, and a ring that cannot grow accepts the frames that fit",
        .enabled(if: hasNamespaces, noNamespaces))
    func filledLater() throws {
        let writer = try crowded(kilobytes: 512, ["crowd", "--prefix", "crowd"])
        let text = writer.readToEnd()
        #expect(text.contains("/dev/shm is full"))
        #expect(text.contains("all frames that fit arrived"))
        #expect(writer.wait() == 0)
    }

    @Test(
        "an object of another user is refused with the owner's number, and not modified", .enabled(if: isRoot, noRoot))
    func squatted() throws {
        let nobody: UInt32 = 65534
        let content = [UInt8](repeating: 1, count: 5000)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o644)
        _ = unsafe write(object.number, content, content.count)
        try #require(fchown(object.number, nobody, nobody) == 0)
        let error = #expect(throws: RingError.self) {
            _ = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        }
        #expect(error?.exitStatus == EX_NOPERM)
        #expect(error?.description.contains("belongs to user \(nobody): remove \(ring.name.path)") == true)
        #expect(try object.status().byteCount == content.count)
        #expect(try object.status().linkCount == 1)
        #expect(try FrameSubscriber(ring.name).copyNewestFrame() == nil)
    }

    @Test("a pipe or a folder with the ring's name is refused, and remains", arguments: [true, false])
    func otherKind(isPipe: Bool) throws {
        if isPipe {
            try #require(unsafe ring.name.path.withPlatformString { unsafe mkfifo($0, 0o600) } == 0)
        } else {
            try Folder.make(ring.name.path, permissions: 0o700)
        }
        let error = #expect(throws: RingError.self) {
            _ = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        }
        #expect(error?.description.contains("is not an Oriel frame ring: remove \(ring.name.path)") == true)
        #expect(try FileStatus(at: ring.name.path).kind == (isPipe ? .other : .folder))
        if !isPipe { Folder.remove(ring.name.path) }
    }

    @Test("if something takes the name of a dead writer's ring, the status says so")
    func squattedAfterDeath() throws {
        let writer = try ringStress(["write", "--prefix", ring.prefix.text, "--size", "4096"])
        defer { writer.end() }
        let subscriber = try FrameSubscriber(ring.name)
        try #require(eventually(60) { subscriber.copyNewestFrame() != nil })
        writer.end()
        #expect(subscriber.status?.reason.contains("has exited unexpectedly") == true)
        File.remove(ring.name.path)
        try #require(unsafe symlink("/nonexistent", ring.name.path.string) == 0)
        #expect(subscriber.status?.reason.contains("is a symbolic link: remove \(ring.name.path)") == true)
        File.remove(ring.name.path)
        try Folder.make(ring.name.path, permissions: 0o700)
        #expect(subscriber.status?.reason.contains("is not an Oriel frame ring") == true)
        Folder.remove(ring.name.path)
        #expect(subscriber.status?.state == .stopped)
    }

    @Test("an object that others may write to, or a symbolic link, is refused")
    func open() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        try publisher.publish([1], capture: .now(), width: 1, height: 1)
        let object = try Descriptor(opening: ring.name.path, flags: O_RDWR)
        let copy = ring.ring("copy")
        try #require(fchmod(object.number, 0o666) == 0)
        try #require(unsafe rename(ring.name.path.string, copy.path.string) == 0)
        try #require(unsafe symlink(copy.path.string, ring.name.path.string) == 0)
        publisher.stop(reason: "")
        let link = #expect(throws: RingError.self) {
            _ = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        }
        #expect(link?.description.contains("is a symbolic link: remove \(ring.name.path)") == true)
        let subscriber = try FrameSubscriber(ring.name)
        #expect(subscriber.copyNewestFrame() == nil)
        #expect(subscriber.refusal?.contains("is a symbolic link") == true)
        let writable = #expect(throws: RingError.self) {
            _ = try FramePublisher(copy, slotByteCount: 4096, source: .test)
        }
        #expect(writable?.exitStatus == EX_NOPERM)
        #expect(writable?.description.contains("is writable by other users: remove \(copy.path)") == true)
    }

    /// Starts `ring-stress` with its own small /dev/shm, in a mount namespace.
    private func crowded(kilobytes: Int, _ arguments: [String]) throws -> ChildProcess {
        let program = "\(try ChildProcess.buildFolder())/ring-stress"
        return try ChildProcess(
            "unshare",
            [
                "--mount", "--user", "--map-root-user", "sh", "-c",
                "mount -t tmpfs -o size=\(kilobytes)k tmpfs /dev/shm && exec \"$@\"", "sh", program,
            ] + arguments)
    }
}

private let isRoot = geteuid() == 0
private let noRoot: Comment = "only root can give a file to another user"
private let noNamespaces: Comment = "this user may not create a mount namespace"

/// Whether this process may create a mount namespace; not every container allows that.
private let hasNamespaces: Bool = {
    let arguments = ["--mount", "--user", "--map-root-user", "mount", "-t", "tmpfs", "tmpfs", "/dev/shm"]
    return (try? ChildProcess("unshare", arguments, log: "/dev/null").wait()) == 0
}()
