import Glibc
import Linux
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    /// Runs the real programs with rings that contain arbitrary bytes, or with other files in place of the rings.
    @Suite("Hostile rings", .timeLimit(.minutes(5)))
    struct HostileRings {
        private static let cameras = (1...12).map { "camera\($0)" }

        @Test("Whatever value a field of a ring has, no process dies, and pictures continue afterwards")
        func fields() throws {
            let stage = try Stage(Self.cameras)
            try stage.perform { camera, index in
                for (side, ring) in camera.rings.enumerated() {
                    var attacks: [String] = []
                    try OverwrittenRing(ring).forEachExtreme(where: { $0 % Self.cameras.count == index }) {
                        attacks.append($0)
                        camera.askEverything(of: side, $0)
                    } restored: { _ in
                        guard attacks.count == 8 else { return }
                        camera.expectPictures("one of these changes to \(ring): \(attacks)")
                        attacks = []
                    }
                    camera.expectPictures("one of these changes to \(ring): \(attacks)")
                }
            }
        }

        @Test("Whatever object has a ring's name, no process dies, and pictures continue once the object is removed")
        func objects() throws {
            let stage = try Stage(Self.cameras)
            try stage.perform { camera, index in
                let cases = HostileObject.allCases.flatMap { object in [(object, 0), (object, 1)] }
                for (number, (object, side)) in cases.enumerated() where number % Self.cameras.count == index {
                    let ring = camera.rings[side]
                    try object.place(at: ring)
                    // 1.3 s is longer than the interval at which a writer checks its ring.
                    let deadline = Deadline(seconds: 1.3)
                    repeat { camera.askEverything(of: side, "\(object)") } while !deadline.isOver
                    object.remove(from: ring)
                    guard eventually(5, { (try? FileStatus(at: ring).kind) == .file }) else {
                        return camera.fail("\(ring) does not come back after \(object)")
                    }
                    camera.expectPictures("\(object) at \(ring)")
                }
            }
        }
    }
}

/// A system with viewers at both servers, and one thread per camera that attacks the camera's rings.
private final class Stage: Sendable {
    let system: OrielSystem
    private let names: [String]
    let failures = Mutex<[String]>([])
    /// The processes that must survive the whole test.
    private let processes: [ProcessTable.Entry]

    init(_ names: [String]) throws {
        self.names = names
        var environment = [
            "ORIEL_CAMERAS": names.map { "\($0)=pattern" }.joined(separator: " "), "ORIEL_SIZE": "160x120",
            "ORIEL_FPS": "5",
        ]
        if Detector.isThere {
            environment["ORIEL_ONNXRUNTIME"] = Detector.library.string
            environment["ORIEL_MODEL"] = Detector.model.string
        }
        let system = try OrielSystem(environment: environment)
        self.system = system
        for name in names {
            let address = system.web("/snapshot/\(name)")
            try #require(eventually(30) { (try? request("GET", address))?.status == 200 }, "\(system.output)")
        }
        let programs = ["capture-daemon", "mjpeg-fcgi", "relay-fcgi", "detect-fcgi", "nginx"]
        processes = system.processes.filter { programs.contains($0.name) }
        try #require(processes.count >= names.count + 6, "\(processes.map(\.name))")
    }

    /// Runs `attack` for each camera on a separate thread, and reports all failures.
    func perform(_ attack: @escaping @Sendable (Target, Int) throws -> Void) throws {
        let ended = Atomic(0)
        for (index, name) in names.enumerated() {
            try Thread("attack") { [self] in
                do { try attack(Target(self, name), index) } catch { fail("\(name): \(error)") }
                ended.add(1, ordering: .releasing)
            }.detach()
        }
        #expect(eventually(200) { ended.load(ordering: .acquiring) == names.count }, "the attacks take too long")
        let failures = failures.withLock { $0 }
        #expect(failures.isEmpty, "\(failures.prefix(20).joined(separator: "\n"))\n\(system.output)")
    }

    func fail(_ text: String) {
        failures.withLock { $0.append(text) }
    }

    func expectAllAlive(_ what: String) {
        let dead = processes.filter { Glibc.kill($0.identifier, 0) != 0 }
        if !dead.isEmpty { fail("\(dead.map { "\($0.name) \($0.identifier)" }) died of \(what)") }
    }
}

/// One camera of the system under attack.
private final class Target {
    private let stage: Stage
    private let name: String
    /// The files of the camera's own ring and of the relay's ring for this camera.
    let rings: [FilePath]
    private let viewers: [(String, StreamViewer)]

    init(_ stage: Stage, _ name: String) throws {
        self.stage = stage
        self.name = name
        rings = ["", "relay."].map { FilePath("/dev/shm/\(stage.system.prefix).\($0)\(name)") }
        viewers = try [stage.system.ingest("/mjpeg/\(name)"), stage.system.web("/video/\(name)")]
            .map { ($0, try StreamViewer($0)) }
    }

    /// Requests all addresses of the server that reads ring number `ring`, all at the same time.
    ///
    /// Ring 0 is the camera's own, and ring 1 is the relay's. The responses must come from the workers, not from nginx.
    func askEverything(of ring: Int, _ what: String) {
        let both = ["/status", "/status/\(name)", "/healthz", "/metrics", "/snapshot/\(name)", "/controls/\(name)"]
        let own =
            ring == 0
            ? [
                "GET /snapshot/\(name)?width=320&max_age=2000", "HEAD /mjpeg/\(name)", "HEAD /mjpeg/\(name)?width=320",
            ]
            : [
                "GET /snapshot/\(name)?offline=picture&width=320", "GET /", "GET /detect/status", "HEAD /video/\(name)",
                "POST /detect_once/\(name)",
            ]
        do {
            let port = ring == 0 ? stage.system.ingestPort : stage.system.webPort
            let asked = try (both.map { "GET \($0)" } + own).map { ($0, try ask($0, port)) }
            // Do not wait for the detector's response, which may take five seconds. The detector only has to survive.
            for (address, connection) in asked where !address.hasPrefix("POST") {
                let answer = try answer(on: connection)
                // If no worker responds, nginx returns status 502 or 504, or its own error, which has a space after
                // the colon.
                let status = Array(answer.dropFirst(9).prefix(3))
                let isServed = status == Array("200".utf8) || status == Array("503".utf8)
                if !isServed || answer.firstRange(of: Array("\"error\": \"unavailable\"".utf8)) != nil {
                    fail("\(what): \(address): \(String(decoding: answer.prefix(500), as: UTF8.self))")
                }
            }
        } catch {
            fail("\(what): \(error)")
        }
        stage.expectAllAlive(what)
    }

    func fail(_ text: String) { stage.fail(text) }

    private func ask(_ address: String, _ port: Int) throws -> HTTPConnection {
        let connection = try HTTPConnection(address: "127.0.0.1", port: port)
        let head = "\(address) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        try connection.send(Array(head.utf8))
        return connection
    }

    /// Receives a response until the server closes the connection, and returns the beginning of the response.
    private func answer(on connection: HTTPConnection) throws -> [UInt8] {
        let deadline = Deadline(seconds: 15)
        var received: [UInt8] = []
        while true {
            let bytes = try connection.receive(by: deadline, limit: 4096)
            if bytes.isEmpty { return received }
            if received.count < 1000 { received += bytes }
        }
    }

    /// Expects new pictures within 5 s on connections that were opened before the attack.
    func expectPictures(_ what: String) {
        let began = Clock.realtime
        for (address, viewer) in viewers {
            do {
                let deadline = Deadline(seconds: 5)
                while true {
                    guard let picture = try viewer.next(within: Double(deadline.milliseconds) / 1000) else {
                        return stage.fail("\(address) has ended after \(what)")
                    }
                    // Accept only a picture whose timestamp is after the attack. Outage pictures also have timestamps.
                    if picture.number != nil, let time = picture.timestamp, time > began { break }
                    if deadline.isOver { return stage.fail("\(address) shows only old pictures after \(what)") }
                }
            } catch {
                stage.fail("\(address) shows nothing after \(what): \(error)")
            }
        }
    }
}

/// An object that the test puts in the place of a ring, or a change of the ring's size.
private enum HostileObject: CaseIterable {
    case truncatedToNothing, truncatedToByte, truncatedBeforeSlots, truncatedInSlot, truncatedByPage, enlarged
    case missing, empty, zeros, sparse, copy, cutCopy, foreign, unreadable, writable, pipe, folder, socket
    case link, brokenLink, linkToItself, linkToDevice

    private static let sparseByteCount = off_t(1) << 40

    func place(at path: FilePath) throws {
        let original = try File.contents(of: path)
        switch self {
        case .truncatedToNothing: return try resize(path, 0)
        case .truncatedToByte: return try resize(path, 1)
        case .truncatedBeforeSlots: return try resize(path, 4096)
        case .truncatedInSlot: return try resize(path, 4096 + 64)
        case .truncatedByPage: return try resize(path, off_t(original.count - 4096))
        case .enlarged: return try resize(path, Self.sparseByteCount)
        default: remove(from: path)
        }
        try unsafe path.withPlatformString { name in
            switch self {
            case .empty: try create(path, [])
            case .zeros: try create(path, [UInt8](repeating: 0, count: original.count))
            case .sparse:
                try create(path, Array(original.prefix(4096)))
                try resize(path, Self.sparseByteCount)
            case .cutCopy: try create(path, Array(original.prefix(4096 + 100)))
            case .copy: try create(path, original)
            case .foreign:
                try create(path, original)
                // Only root can change the owner of a file. If another user runs the test, this object is just a copy.
                _ = unsafe chown(name, 65534, 65534)
            case .unreadable:
                try create(path, original)
                _ = unsafe chmod(name, 0)
            case .writable:
                try create(path, original)
                _ = unsafe chmod(name, 0o666)
            case .pipe: try systemCall("mkfifo", path.string) { unsafe mkfifo(name, 0o640) }
            case .folder: try systemCall("mkdir", path.string) { unsafe mkdir(name, 0o750) }
            case .socket: _ = try Socket.listen(at: path)
            case .link: try unsafe link(name, "/etc/hostname")
            case .brokenLink: try unsafe link(name, "/nowhere")
            case .linkToItself: try unsafe link(name, path.string)
            case .linkToDevice: try unsafe link(name, "/dev/zero")
            default: break
            }
        }
    }

    func remove(from path: FilePath) {
        _ = unsafe path.withPlatformString { unsafe Glibc.remove($0) }
    }

    private func resize(_ path: FilePath, _ byteCount: off_t) throws {
        _ = try unsafe path.withPlatformString { name in
            try systemCall("truncate", path.string) { unsafe truncate(name, byteCount) }
        }
    }

    private func create(_ path: FilePath, _ bytes: [UInt8]) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: [.ownerReadWrite, .groupRead])
        _ = try file.closeAfter { try file.writeAll(bytes) }
    }

    private func link(_ name: UnsafePointer<CChar>, _ target: String) throws {
        try systemCall("symlink", target) { unsafe symlink(target, name) }
    }
}
