import Glibc
import Linux
import Names
import SystemPackage
import TestSupport
import Testing

@testable import SharedFrame

@Suite("The writer's lock", .timeLimit(.minutes(3)))
struct WriterLockTests {
    let ring = TemporaryRing()

    @Test(
        "a process of any user that holds a read lock on the ring does not prevent a new writer",
        arguments: [nil, "61999"])
    func readerHoldsLock(user: String?) throws {
        // Only root can start a process as another user, and that user must be able to read the program. The process
        // runs in the ring's group, so it can read the ring.
        guard user == nil || (geteuid() == 0 && OrielSystem.isOpenToOthers) else { return }
        let first = try ringStress(["write", "--prefix", ring.prefix.text, "--size", "4096"])
        defer { first.end() }
        let subscriber = try FrameSubscriber(ring.name)
        try #require(eventually(60) { subscriber.copyNewestFrame() != nil })
        let program = "\(try ChildProcess.buildFolder())/ring-stress"
        let arguments = [program, "hold", "--prefix", ring.prefix.text]
        let holder =
            if let user {
                try ChildProcess("setpriv", ["--reuid", user, "--regid", "\(getegid())", "--clear-groups"] + arguments)
            } else {
                try ChildProcess(program, Array(arguments.dropFirst()))
            }
        defer { holder.end() }
        try #require(holder.readLine() == "waiting")
        first.end()
        // The holder now has the lock that the dead writer had.
        try #require(holder.readLine() == "held")
        #expect(subscriber.status?.isWriterAlive == false)

        // The holder is not a writer. A process that waits until the ring has no writer does not wait for the holder.
        try FramePublisher.waitForTurn(ring.name, source: .test)
        let last = try #require(subscriber.copyNewestFrame()).description.number
        let publisher = try FramePublisher(ring.name, slotByteCount: 4096, source: .test)
        #expect(subscriber.status?.isWriterAlive == true)
        #expect(subscriber.copyNewestFrame()?.description.number == last)
        let number = try publisher.publish([7], capture: .now(), width: 1, height: 1)
        #expect(number == last + 1)
        #expect(subscriber.copyNewestFrame()?.bytes == [7])
        #expect(subscriber.status?.restarts == 1)
        #expect(holder.isRunning)
    }

    @Test("the lock file exists as long as the writer does, and only the writer's user can open it")
    func lifetime() throws {
        do {
            let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
            let status = try FileStatus(at: ring.name.lockPath)
            #expect(status.permissions == 0o600)
            #expect(status.owner == geteuid())
            // The lock file is still the same after the ring has grown.
            try publisher.publish([UInt8](repeating: 1, count: 10_000), capture: .now(), width: 1, height: 1)
            #expect(try FileStatus(at: ring.name.lockPath).isSameFile(as: status))
        }
        #expect(files.isEmpty)
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        publisher.stop(reason: "")
        #expect(files.isEmpty)
    }

    @Test("files that a killed writer left behind do not disturb the next writer, which removes them")
    func killed() throws {
        #expect(try ringStress(["die", "--prefix", ring.prefix.text]).wait() == -SIGKILL)
        #expect(files.contains(".\(ring.name.fileName).lock"))
        // A writer that is killed while its ring grows leaves a file like this one.
        let leftover = RingName.folder.appending("\(ring.name.fileName).12ab.new")
        _ = try Descriptor(opening: leftover, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        #expect(!files.contains("\(ring.name.fileName).12ab.new"))
        publisher.stop(reason: "")
        #expect(files.isEmpty)
    }

    @Test("another file with a predictable temporary name does not prevent a ring from growing, and is not removed")
    func squattedGrowth() throws {
        let squat = RingName.folder.appending("\(ring.name.fileName).new")
        let file = try Descriptor(opening: squat, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        defer { File.remove(squat) }
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        let large = [UInt8](repeating: 1, count: 10_000)
        try publisher.publish(large, capture: .now(), width: 1, height: 1)
        #expect(try FrameSubscriber(ring.name).copyNewestFrame()?.bytes == large)
        #expect(try file.status().linkCount == 1)
    }

    @Test("a second writer is refused even if the lock file was removed, and a heartbeat restores that file")
    func removed() throws {
        let publisher = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        File.remove(ring.name.lockPath)
        let error = #expect(throws: RingError.self) {
            _ = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        }
        #expect(error?.kind == .hasWriter)
        #expect(
            try eventually { () throws -> Bool in
                try publisher.heartbeat()
                return files.contains(".\(ring.name.fileName).lock")
            })
        let again = #expect(throws: RingError.self) {
            _ = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        }
        #expect(again?.kind == .hasWriter)
    }

    @Test(
        "a lock file that belongs to another user or is not a regular file is refused, and the error says what to do",
        .enabled(if: geteuid() == 0))
    func refused() throws {
        let path = ring.name.lockPath
        do {
            let file = try Descriptor(opening: path, flags: O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            try #require(fchown(file.number, 65534, 65534) == 0)
            expectRefusal("lock file \(path) belongs to user 65534: choose another ORIEL_PREFIX")
            try #require(fchown(file.number, 0, 0) == 0)
            try #require(fchmod(file.number, 0o644) == 0)
            expectRefusal("lock file \(path) can be opened by other users: remove it")
            File.remove(path)
        }
        try #require(unsafe mkfifo(path.string, 0o600) == 0)
        expectRefusal("\(path) is not a regular file: remove it")
        File.remove(path)
        try #require(unsafe symlink("/dev/null", path.string) == 0)
        expectRefusal("\(path) is not a regular file: remove it")
    }

    @Test("a reader that finds a named pipe in place of a ring does not wait for a process that writes to the pipe")
    func pipe() throws {
        try #require(unsafe mkfifo(ring.name.path.string, 0o600) == 0)
        let subscriber = try FrameSubscriber(ring.name)
        #expect(subscriber.status == nil)
        #expect(subscriber.refusal?.contains("is not an Oriel frame ring") == true)
        #expect(RingName.existing(prefix: ring.prefix, kind: .capture).isEmpty)
    }

    private func expectRefusal(_ sentence: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: RingError.self, sourceLocation: sourceLocation) {
            _ = try FramePublisher(ring.name, slotByteCount: 100, source: .test)
        }
        #expect(error?.kind == .forbidden, sourceLocation: sourceLocation)
        #expect(
            error?.description.contains(sentence) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation
        )
    }

    /// The files of this test's rings in shared memory.
    private var files: [String] {
        Folder.names(in: RingName.folder).filter {
            $0.hasPrefix("\(ring.prefix).") || $0.hasPrefix(".\(ring.prefix).")
        }
    }
}
