import Journal
import Linux
import SharedFrame
import SystemPackage
import TestSupport
import Testing

@Suite("Event streams", .timeLimit(.minutes(2)))
struct EventStreamTests {
    private let place = TemporaryFolder()
    private var folder: JournalFolder { JournalFolder(place.path.appending("events"), content: "events") }

    private func server() throws -> TestServer { try TestServer(events: folder) }

    private func line(_ number: Int, type: String = "new", camera: String = "main", label: String = "dog") -> [UInt8] {
        Array(
            "{\"type\":\"\(type)\",\"camera\":\"\(camera)\",\"n\":\(number),\"after\":{\"label\":\"\(label)\"}}".utf8)
    }

    /// Reads events until the one with the given number; returns the IDs and numbers of all events of objects.
    private func events(
        from client: FastCGIClient, until number: Int
    ) throws -> [(id: String, number: Int)] {
        let text = try client.read(until: "\"n\":\(number),") + client.read(until: "\n\n")
        return text.split(separator: "id: ").compactMap { block in
            guard let found = block.firstRange(of: "\"n\":") else { return nil }
            return (String(block.prefix { $0 != "\n" }), Int(block[found.upperBound...].prefix { $0 != "," }) ?? -1)
        }
    }

    @Test("a client gets the events that follow, each with an ID, and after the ID no event is missed or repeated")
    func replay() throws {
        let writer = try JournalWriter(owning: folder)
        try writer.append(line(0))
        let server = try server()
        let client = try server.connect()
        try client.ask("/events")
        let head = try client.head()
        #expect(head.status == 200)
        #expect(head.headers["content-type"] == "text/event-stream")
        #expect(head.headers["x-accel-buffering"] == "no")
        let start = try client.read(until: "id: ") + client.read(until: "\n\n")
        #expect(!start.contains("\"n\":0"))
        for number in 1...50 { try writer.append(line(number)) }
        let live = try events(from: client, until: 50)
        #expect(live.map(\.number) == Array(1...50))
        for (count, index) in [0, 20, 48].enumerated() {
            let newest = 50 + count
            let again = try server.stream("/events", headers: ["Last-Event-ID": live[index].id])
            #expect(try events(from: again, until: newest).map(\.number) == Array(live[index].number + 1...newest))
            try writer.append(line(newest + 1))
            #expect(try events(from: again, until: newest + 1).map(\.number) == [newest + 1])
        }
    }

    @Test("events before the first one that a client asks for, and other cameras, labels and types are left out")
    func filter() throws {
        let writer = try JournalWriter(owning: folder)
        let start = writer.end
        for (number, (type, camera, label)) in [
            ("new", "main", "dog"), ("new", "yard", "dog"), ("new", "main", "cat"), ("end", "main", "dog"),
        ].enumerated() { try writer.append(line(number, type: type, camera: camera, label: label)) }
        try writer.append(Array("{\"type\":\"motion\",\"camera\":\"main\",\"n\":4,\"active\":true}".utf8))
        try writer.append(line(5))
        let server = try server()
        for (query, expected) in [
            ("", [0, 1, 2, 3, 4, 5]), ("&cameras=main", [0, 2, 3, 4, 5]), ("&labels=dog", [0, 1, 3, 5]),
            ("&types=new", [0, 1, 2, 5]), ("&cameras=main&labels=dog,bird&types=new,end", [0, 3, 5]),
        ] {
            let client = try server.stream("/events?since=\(start)\(query)")
            #expect(try events(from: client, until: 5).map(\.number) == expected, "\(query)")
        }
        for query in ["since=x", "since=1", "types=other", "unknown=1"] {
            #expect(try server.get("/events?\(query)").status == 400, "\(query)")
        }
        #expect(try server.get("/events", headers: ["Last-Event-ID": "nonsense"]).status == 400)
    }

    @Test("a client whose last event has been removed learns this, and gets the events that still exist")
    func gone() throws {
        let writer = try JournalWriter(owning: folder)
        try writer.append(line(1))
        let server = try server()
        let client = try server.stream("/events?since=1-99")
        #expect(try client.read(until: "event: gone\n").isEmpty == false)
        #expect(try events(from: client, until: 1).map(\.number) == [1])
    }

    @Test("a client with the ID of an event that is not there yet gets the events of a journal that is created later")
    func future() throws {
        let server = try server()
        let client = try server.stream("/events?since=9795883534099-5")
        let other = try server.stream("/events")
        _ = try other.read(until: "id: 0-0\n\n")
        let writer = try JournalWriter(owning: folder)
        try writer.append(line(1))
        #expect(try events(from: other, until: 1).map(\.number) == [1])
        #expect(try client.read(until: "event: gone\n").isEmpty == false)
        #expect(try events(from: client, until: 1).map(\.number) == [1])
        try writer.append(line(2))
        #expect(try events(from: client, until: 2).map(\.number) == [2])
    }

    @Test("every client learns that cameras have been removed, even if several are removed at once")
    func removedCameras() throws {
        let server = try server()
        var cameras = try ["a", "b", "c"].map { try TestCamera(server.ring.ring($0, kind: .capture)) }
        for camera in cameras { camera.publish() }
        let client = try server.stream("/events?types=status")
        for name in ["a", "b", "c"] { _ = try client.read(until: "\"camera\":\"\(name)\"") }
        cameras.removeAll()
        var text = try client.read(until: "\"state\":\"gone\"")
        for _ in 0..<2 { text += try client.read(until: "\"state\":\"gone\"") }
        for name in ["a", "b", "c"] { #expect(text.contains("\"camera\":\"\(name)\",\"state\":\"gone\"")) }
    }

    @Test("a client that reads slowly gets all events, and the others do not wait for it")
    func slow() throws {
        let writer = try JournalWriter(owning: folder)
        let start = writer.end
        let padding = String(repeating: "x", count: 3000)
        let server = try server()
        let slow = try server.stream("/events?since=\(start)")
        let fast = try server.stream("/events?since=\(start)")
        // More than the socket holds.
        let count = 1000
        for number in 0..<count { try writer.append(line(number, label: padding)) }
        #expect(try events(from: fast, until: count - 1).map(\.number) == Array(0..<count))
        #expect(try events(from: slow, until: count - 1).map(\.number) == Array(0..<count))
    }

    @Test("the state of each camera is sent at the beginning and when it changes")
    func status() throws {
        let server = try server()
        let camera = try TestCamera(server.ring.name)
        camera.publish()
        let client = try server.stream("/events?types=status")
        #expect(try client.read(until: "\"online\":true").contains("\"camera\":\"main\",\"state\":\"live\""))
        camera.setState(.noSignal, "the cable is out")
        #expect(try client.read(until: "\"online\":false").contains("the cable is out"))
    }

    @Test("the picture of an object is served; other files are not")
    func picture() throws {
        let server = try server()
        let id = "1795816090.551-k3x9a2"
        #expect(try server.get("/events/\(id)/picture").status == 404)
        _ = try JournalWriter(owning: folder)
        try File.replace(folder.path.appending("\(id).jpg"), with: SampleJPEG.bytes(), permissions: 0o600)
        let answer = try server.get("/events/\(id)/picture")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "image/jpeg")
        #expect(answer.body == SampleJPEG.bytes())
        for path in ["/events/../picture", "/events/lock/picture", "/events/current.jsonl/picture", "/events/\(id)"] {
            #expect(try server.get(path).status == 404, "\(path)")
        }
    }

    @Test("a worker that has no journal says where events are served")
    func noJournal() throws {
        let answer = try TestServer().get("/events")
        #expect(answer.status == 404)
        #expect(answer.text.contains("relay"))
    }

    @Test("an event stream ends when the worker stops")
    func stop() throws {
        let server = try server()
        let client = try server.stream("/events")
        server.beginStop()
        #expect(try client.readToClose())
    }
}
