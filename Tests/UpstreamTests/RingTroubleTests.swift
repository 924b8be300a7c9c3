import Glibc
import Linux
import Names
import SharedFrame
import SystemPackage
import Testing
import TestSupport

@testable import Upstream

@Suite("A relay ring that cannot be written", .timeLimit(.minutes(5)))
struct RingTroubleTests {
    /// Something that has the name of a relay's ring or of its lock file.
    enum Obstacle: CaseIterable {
        case folder, file, link, brokenLink, foreignFile, foreignRing, writable, lockFolder, foreignLock, otherWriter

        /// The obstacles that this user can place; only root can give a file to another user.
        static var possible: [Obstacle] {
            allCases.filter { geteuid() == 0 || ![.foreignFile, .foreignRing, .foreignLock].contains($0) }
        }

        /// What the reason must contain.
        var reason: String {
            switch self {
            case .folder, .file: "is not an Oriel frame ring: remove"
            case .link, .brokenLink: "is a symbolic link: remove"
            case .foreignFile, .foreignRing: "belongs to user 65534: remove"
            case .writable: "is writable by other users: remove"
            case .lockFolder: "is not a regular file: remove"
            case .foreignLock: "belongs to user 65534: choose another ORIEL_PREFIX"
            case .otherWriter: "from a different source, http://another.example/: stop"
            }
        }

        /// Places the obstacle, and returns a closure that removes it.
        func place(at ring: RingName) throws -> () -> Void {
            let path = self == .lockFolder || self == .foreignLock ? ring.lockPath : ring.path
            switch self {
            case .folder, .lockFolder: try Folder.make(path, permissions: 0o755)
            case .file: try write([UInt8](repeating: 7, count: 9000), to: path)
            case .link: try link(path, to: "/etc/hostname")
            case .brokenLink: try link(path, to: "/no/such/file")
            case .foreignFile: try write(Array("x\n".utf8), to: path, owner: 65_534)
            case .foreignLock: try write([], to: path, owner: 65_534)
            case .foreignRing, .writable:
                let copy = TemporaryRing()
                let publisher = try FramePublisher(copy.name, slotByteCount: 4096, source: .test)
                let bytes = try File.contents(of: copy.name.path)
                publisher.stop(reason: "")
                try write(bytes, to: path, owner: self == .foreignRing ? 65_534 : nil, isWritable: self == .writable)
            case .otherWriter:
                let source = SourceDescription(kind: "upstream", device: "http://another.example/")
                let publisher = try FramePublisher(ring, slotByteCount: 4096, source: source)
                return { publisher.stop(reason: "") }
            }
            return { _ = unsafe path.withPlatformString { unsafe remove($0) } }
        }

        private func write(_ bytes: [UInt8], to path: FilePath, owner: uid_t? = nil, isWritable: Bool = false) throws {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            try file.closeAfter {
                _ = try file.writeAll(bytes)
                if let owner { try systemCall("fchown", "\(path)") { fchown(file.rawValue, owner, owner) } }
                if isWritable { try systemCall("fchmod", "\(path)") { fchmod(file.rawValue, 0o666) } }
            }
        }

        private func link(_ path: FilePath, to target: String) throws {
            try unsafe path.withPlatformString { name in
                _ = try systemCall("symlink", target) { unsafe symlink(target, name) }
            }
        }
    }

    @Test(
        "whatever has the ring's name when the relay starts is reported once, and pictures arrive once it is gone",
        arguments: Obstacle.possible)
    func atStart(obstacle: Obstacle) throws {
        let server = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 100_000 * $0.index)) }
        let ring = TemporaryRing(kind: .relay)
        let remove = try obstacle.place(at: ring.name)
        defer { remove() }
        let relay = try Relay(server.url(), ring: ring)
        #expect(relay.subscriber.status == nil)
        #expect(relay.subscriber.refusal?.contains(obstacle.reason) == true, "\(relay.subscriber.refusal ?? "nil")")
        // A second attempt must not be logged again.
        Poll.wait([], milliseconds: 1200)
        #expect(relay.log.all.count == 1 && relay.log.all[0].contains("camera main: "), "\(relay.log.all)")
        #expect(relay.log.all[0].contains(obstacle.reason))

        remove()
        let isBack = eventually(5) { relay.subscriber.copyNewestFrame() != nil }
        #expect(isBack, "\(relay.subscriber.refusal ?? "no reason")")
        #expect(relay.subscriber.refusal == nil)
    }

    @Test(
        "whatever takes the ring's name later is reported, viewers still get pictures, and new viewers get them again",
        arguments: Obstacle.possible.filter { ![.lockFolder, .foreignLock, .otherWriter].contains($0) })
    func whileRunning(obstacle: Obstacle) throws {
        let server = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 100_000 * $0.index)) }
        let relay = try Relay(server.url())
        _ = try relay.nextFrame(after: 0)
        _ = unsafe relay.ring.name.path.withPlatformString { unsafe unlink($0) }
        // The relay checks its ring once a second, so it has hardly created another ring already.
        let remove = try obstacle.place(at: relay.ring.name)
        defer { remove() }
        try relay.wait("the reason") { $0.reason.contains(obstacle.reason) }
        let number = try relay.nextFrame(after: 0).description.number
        _ = try relay.nextFrame(after: number + 5)
        #expect(relay.subscriber.status?.state == .live)
        #expect(relay.log.all.count { $0.contains(obstacle.reason) } == 1, "\(relay.log.all)")

        remove()
        let newcomer = try FrameSubscriber(relay.ring.name)
        let isBack = eventually(5) { newcomer.copyNewestFrame() != nil && newcomer.status?.reason == "" }
        #expect(isBack, "\(newcomer.refusal ?? newcomer.status?.reason ?? "no ring")")
        try relay.wait("no reason") { $0.state == .live && $0.reason.isEmpty }
        #expect(server.connectionCount == 1)
    }

    @Test("while nobody watches, a ring whose name was taken for a while is idle again as soon as the name is free")
    func whileIdle() throws {
        let server = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 100_000 * $0.index)) }
        let relay = try Relay(server.url()) { $0.isAlwaysConnected = false }
        try relay.wait("the state idle") { $0.state == .idle }
        _ = unsafe relay.ring.name.path.withPlatformString { unsafe unlink($0) }
        let remove = try Obstacle.folder.place(at: relay.ring.name)
        defer { remove() }
        try relay.wait("the reason") { $0.state == .idle && $0.reason.contains(Obstacle.folder.reason) }
        remove()
        let isBack = eventually(5) { relay.subscriber.status.map { $0.state == .idle && $0.reason.isEmpty } == true }
        #expect(isBack, "\(relay.subscriber.status?.reason ?? "no ring")")
    }

    @Test("the thread of a relay that cannot write its ring ends when it is told to, and leaves no problem behind")
    func stops() throws {
        let ring = TemporaryRing(kind: .relay)
        let remove = try Obstacle.folder.place(at: ring.name)
        defer { remove() }
        let relay = try Relay("http://127.0.0.1:1/", ring: ring)
        #expect(relay.subscriber.refusal != nil)
        relay.reader.stop()
        #expect(relay.subscriber.refusal == nil)
        #expect(!relay.log.all.contains { $0.contains("can be used again") }, "\(relay.log.all)")
    }

    @Test("if /dev/shm has room for only one of two rings, the other camera says so, and recovers when there is room")
    func full() throws {
        guard Self.hasNamespaces else { return }
        let upstream = try ScriptedServer { Wire.stream($0, from: UInt64(1 + 1_000_000 * $0.index)) }
        let relay = try RunningRelay()
        let script =
            "mount -t tmpfs -o size=6m,mode=1777 tmpfs /dev/shm && head -c 2500000 /dev/zero >/dev/shm/filler "
            + "&& exec \"$@\""
        let worker = try relay.worker(
            ["--always", "--upstream", "a=\(upstream.url())", "--upstream", "b=\(upstream.url("/b"))"],
            launcher: ["unshare", "--mount", "sh", "-c", script, "sh"])
        let isSaid = eventually(20) { relay.statusText()?.contains("but /dev/shm is full: free some memory") == true }
        #expect(isSaid, "\(relay.statusText() ?? "no status") \(relay.log)")
        let client = try FastCGIClient(relay.socket)
        try client.ask("/video/a")
        var last: UInt64 = 0
        func next() throws -> UInt64 { try client.part()?.number ?? 0 }
        #expect(try client.head().status == 200)
        while last < 10 { last = try next() }

        File.remove(FilePath("/proc/\(worker.processIdentifier)/root/dev/shm/filler"))
        let isBack = eventually(5) {
            guard let other = try? FastCGIClient(relay.socket), (try? other.ask("/snapshot/b?max_age=1000")) != nil
            else { return false }
            return (try? other.answer(milliseconds: 2000))?.status == 200
        }
        #expect(isBack, "\(relay.log)")
        let number = try next()
        #expect(number > last && worker.isRunning)
        worker.send(SIGTERM)
        #expect(worker.wait(milliseconds: 5000) == 0)
    }

    private static let hasNamespaces =
        geteuid() == 0
        && (try? ChildProcess("unshare", ["--mount", "true"], log: "/dev/null").wait()) == 0
}
