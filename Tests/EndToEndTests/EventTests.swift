import DetectionTestSupport
import Events
import Glibc
import Journal
import Linux
import Names
import Synchronization
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite(
        "Events", .timeLimit(.minutes(12)),
        .enabled(if: Detector.isThere, "ONNX Runtime or detect-fcgi is missing: run scripts/get-detector"))
    struct EventStreams {
        /// A client of an event stream, which connects again as a browser does, on a separate thread.
        private final class Client: Sendable {
            /// The IDs and documents of the events in the journal, in the order in which they arrived.
            private let events = Mutex<[(id: String, data: String)]>([])
            private let lastID = Mutex("")
            private let isStopping = Atomic(false)
            private let isDone = Atomic(false)
            private let connections = Atomic(0)
            private let port: Int

            init(port: Int) throws {
                self.port = port
                try Thread("events") { [self] in
                    while !isStopping.load(ordering: .acquiring) {
                        try? read()
                        Poll.wait([], milliseconds: 20)
                    }
                    isDone.store(true, ordering: .releasing)
                }.detach()
            }

            /// The ID of the newest event, or of the end of the journal if there was no event yet.
            var newest: String { lastID.withLock { $0 } }
            var connectionCount: Int { connections.load(ordering: .relaxed) }
            var received: [(id: String, data: String)] { events.withLock { $0 } }

            func stop() {
                isStopping.store(true, ordering: .releasing)
                _ = eventually(30) { isDone.load(ordering: .acquiring) }
            }

            /// Reads one response to its end.
            private func read() throws {
                let connection = try HTTPConnection(address: "127.0.0.1", port: port)
                let id = newest
                let header = id.isEmpty ? "" : "Last-Event-ID: \(id)\r\n"
                // The response to an HTTP/1.0 request is not divided into chunks.
                try connection.send(Array("GET /events HTTP/1.0\r\nHost: localhost\r\n\(header)\r\n".utf8))
                connections.add(1, ordering: .relaxed)
                var text = ""
                while !isStopping.load(ordering: .acquiring) {
                    let bytes: [UInt8]
                    do { bytes = try connection.receive(by: Deadline(seconds: 1)) } catch HTTPConnection.Failure.tooLate
                    {
                        continue
                    }
                    if bytes.isEmpty { return }
                    text += String(decoding: bytes, as: UTF8.self)
                    while let end = text.firstRange(of: "\n\n") {
                        take(String(text[..<end.lowerBound]))
                        text.removeSubrange(..<end.upperBound)
                    }
                }
            }

            private func take(_ block: String) {
                var (id, data): (String?, String?) = (nil, nil)
                for line in block.split(separator: "\n") {
                    if line.hasPrefix("id: ") { id = String(line.dropFirst(4)) }
                    if line.hasPrefix("data: ") { data = String(line.dropFirst(6)) }
                }
                guard let id else { return }
                if let data { events.withLock { $0.append((id, data)) } }
                lastID.withLock { $0 = id }
            }
        }

        /// A folder with pictures of a bright scene, in which the stub model sees a dog, and then of a dark one.
        ///
        /// A square moves through both, so that the detector looks.
        private func scene() throws -> TemporaryFolder {
            let folder = TemporaryFolder()
            let (width, height, side) = (160, 120, 32)
            for index in 0..<100 {
                let isBright = index < 40
                var pixels = [UInt8](repeating: isBright ? 250 : 5, count: width * height * 3)
                let left = index * 9 % (width - side)
                for line in 40..<(40 + side) {
                    let start = (line * width + left) * 3
                    for offset in start..<(start + side * 3) { pixels[offset] = isBright ? 150 : 50 }
                }
                let name = String(repeating: "0", count: 3 - "\(index)".count) + "\(index).jpg"
                try File.replace(
                    folder.path.appending(name), with: jpeg(of: pixels, width: width, height: height),
                    permissions: 0o644)
            }
            return folder
        }

        private func start(_ pictures: TemporaryFolder, state: FilePath) throws -> OrielSystem {
            try OrielSystem(environment: [
                "ORIEL_ONNXRUNTIME": Detector.library.string, "ORIEL_MODEL": Detector.model.string,
                "ORIEL_DETECT": "always", "ORIEL_STATE_DIR": state.string, "ORIEL_FPS": "10",
                "ORIEL_CAMERAS": "main=\(pictures.path)",
            ])
        }

        @Test("While the disk of the journal is frozen, no viewer misses a frame, and afterwards no event is missing")
        func frozen() throws {
            let place = TemporaryFolder()
            let (image, disk) = (place.path.appending("image"), place.path.appending("disk"))
            func run(_ command: String...) throws -> Bool {
                try ChildProcess.run("/bin/sh", ["-c", "PATH=$PATH:/usr/sbin:/sbin exec \"$@\" 2>&1", "sh"] + command)
                    .status == 0
            }
            try Folder.make(disk, permissions: 0o755)
            guard try run("truncate", "-s", "32M", image.string), try run("mkfs.ext4", "-q", "-F", image.string),
                try run("mount", "-o", "loop", image.string, disk.string)
            else {
                report("skipped: only root can mount and freeze a file system")
                return
            }
            defer { _ = try? run("umount", "-l", disk.string) }
            let pictures = try scene()
            let system = try start(pictures, state: disk.appending("state"))
            let client = try Client(port: system.webPort)
            #expect(eventually(60) { !client.received.isEmpty })
            let viewer = try StreamViewer(system.web("/video"))
            _ = try viewer.next()
            #expect(try run("fsfreeze", "--freeze", disk.string))
            let count = client.received.count
            // Ten seconds of pictures, in which something happens.
            var numbers: [UInt64] = []
            while numbers.count < 100, let picture = try viewer.next() { numbers += picture.number.map { [$0] } ?? [] }
            let status = try request("GET", system.web("/detect/status"))
            #expect(status.json?["journal"]?["waiting"]?.number ?? 0 > 0, "\(status.json?["journal"] ?? .null)")
            #expect(client.received.count <= count + 1)
            #expect(try run("fsfreeze", "--unfreeze", disk.string))
            #expect(eventually(30) { client.received.count > count + 1 })
            let gaps = zip(numbers, numbers.dropFirst()).filter { $1 - $0 > 3 }
            #expect(numbers.count == 100 && gaps.isEmpty, "the viewer missed frames: \(gaps)")
            let after = try request("GET", system.web("/detect/status"))
            #expect(after.json?["journal"]?["dropped"]?.number == 0)
            client.stop()
            system.stop()
        }

        @Test(
            "A client that reconnects over restarts misses and repeats no event, and each object begins and ends once")
        func restarts() throws {
            let (pictures, state) = (try scene(), TemporaryFolder())
            let system = try start(pictures, state: state.path)
            let prefix = try #require(SystemPrefix(system.prefix))
            let folder = JournalFolder.events(in: state.path, prefix: prefix)
            let client = try Client(port: system.webPort)
            #expect(eventually(60) { client.received.contains { $0.data.contains("\"type\":\"new\"") } })
            let first = try #require(client.received.first)

            let kills = Environment.value("ORIEL_TEST_FULL") == nil ? 5 : 50
            var viewer = try StreamViewer(system.web("/detect_stream?boxes=data"))
            for round in 0..<kills {
                let part = round % 5 == 3 ? "relay-fcgi" : "detect-fcgi"
                let (before, connections) = (client.received.count, client.connectionCount)
                let victim = try #require(system.leader(of: part), "\(system.processes)")
                kill(victim, SIGKILL)
                #expect(eventually(30) { system.leader(of: part).map { $0 != victim } == true })
                if part == "relay-fcgi" {
                    // The same detector may take the dog for one that it knows already, and then reports nothing.
                    #expect(eventually(60) { client.connectionCount > connections }, "round \(round)")
                    viewer = try StreamViewer(system.web("/detect_stream?boxes=data"))
                    continue
                }
                // Something happens in the scene afterwards, at a moment that differs from round to round.
                #expect(eventually(60) { client.received.count > before + round % 3 }, "round \(round)")
                // Read what arrived up to now, so that the end of the connection would be noticed.
                for _ in 0..<20 { #expect(try viewer.next() != nil, "round \(round): the viewer was disconnected") }
                if round % 5 == 4 {
                    kill(try #require(system.leader(of: "nginx-web")), SIGHUP)
                }
            }
            #expect(client.connectionCount > 1)
            let reached = client.newest
            #expect(eventually(60) { client.newest != reached })
            system.stop()
            client.stop()

            var lines: [JournalLine] = []
            var position = JournalPosition.start
            while true {
                let batch = try folder.read(from: position)
                lines += batch.lines
                position = batch.next
                if batch.isAtEnd { break }
            }
            let received = client.received
            let start = try #require(lines.firstIndex { "\($0.next)" == first.id })
            let expected = lines[start...].prefix(received.count)
            #expect(received.map(\.id) == expected.map { "\($0.next)" })
            #expect(received.map(\.data) == expected.map { String(decoding: $0.bytes, as: UTF8.self) })
            // A line that a killed process did not finish would be skipped here, so there must be none.
            let records = lines.compactMap { EventRecord(line: $0.bytes) }
            #expect(records.count == lines.count)
            for id in Set(records.compactMap(\.id)) {
                let types = records.filter { $0.id == id }.map(\.type)
                #expect(types.first == "new", "\(id)")
                #expect(types.filter { $0 == "new" }.count == 1, "\(id)")
                #expect(types.filter { $0 == "end" }.count == 1, "\(id)")
                #expect(types.last == "end", "\(id)")
            }
            report("\(kills) kills, \(received.count) events over \(client.connectionCount) connections")
        }
    }
}
