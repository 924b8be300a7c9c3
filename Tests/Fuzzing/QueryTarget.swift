import Events
import Journal
import Linux
import Names
import SharedFrame
import SystemPackage
import Web

@testable import DetectionServer
@testable import FrameServer

/// Fuzzes the parsers of a request's path, query and headers.
enum QueryTarget {
    static func run(_ input: Input) {
        var input = input
        let path = input.line()
        let header = input.line()
        let text = input.text
        let query = Query(text)
        if let route = Route(path: path, query: query) {
            if (try? query.check(known: route.parameters)) != nil { readAll(query, header: header) }
            examine(camera: camera(of: route))
            if case .eventPicture(let id) = route { examine(event: id) }
        }
        if let route = DetectionRoute(path: path) { _ = try? query.check(known: route.parameters) }
        readAll(query, header: header)
        examine(camera: text)
        filter(query, accept: header)
    }

    private static func readAll(_ query: Query, header: String) {
        if let options = try? StreamOptions(query, accept: header) {
            let bounds = Duration.milliseconds(8)...Duration.seconds(10)
            check(
                options.interval == .zero || bounds.contains(options.interval),
                "the rate is 0.1 to 120 pictures per second")
        }
        if let filter = try? EventFilter(query, lastEventID: header), let start = filter.start {
            check(JournalPosition("\(start)") == start, "the ID of an event is the same after it is written and parsed")
        }
        if let request = try? SnapshotRequest(query, ifNoneMatch: header, now: Instant(nanoseconds: 1 << 40)) {
            check(request.deadline > request.began, "the deadline of a snapshot is after its start")
            check(request.maximumAge ?? .zero <= .seconds(3600), "the maximum age is at most an hour")
            _ = request.isKnown(1)
        }
        if let number = try? query.number("fps", in: 0.1...120) {
            check(0.1...120 ~= number, "a number is within its range")
        }
        if let number = try? query.integer("after", in: 0...9) {
            check(0...9 ~= number, "an integer is within its range")
        }
    }

    private static func camera(of route: Route) -> String? {
        switch route {
        case .stream(.name(let name)), .snapshot(.name(let name)): name
        case .resultStream(.name(let name)), .resultSnapshot(.name(let name)), .objects(.name(let name)): name
        case .status(let camera), .controls(let camera): camera
        case .stream, .snapshot, .resultStream, .resultSnapshot, .objects: nil
        case .events, .eventPicture, .health, .metrics: nil
        }
    }

    /// Checks that an accepted name of a camera leads to a file in the folder of shared memory and nowhere else.
    private static func examine(camera text: String?) {
        guard let text, let name = CameraName(text) else { return }
        check(name.text.utf8.elementsEqual(text.utf8), "a name is not changed")
        for kind in RingName.Kind.allCases {
            guard let prefix = SystemPrefix("fuzz") else { fatalError("not a prefix") }
            let ring = RingName(prefix: prefix, camera: name, kind: kind)
            check(
                ring.path.removingLastComponent() == RingName.folder, "a ring's file is in the folder of shared memory")
            check(ring.path.lexicallyNormalized() == ring.path, "a ring's path does not lead out of that folder")
            check(ring.path.string.utf8.count < 255, "a ring's path is not too long")
        }
    }

    /// Checks that an accepted ID of an event leads to a picture in the journal's folder and nowhere else.
    private static func examine(event id: String) {
        guard EventPicture.isValid(id) else { return }
        let path = EventPicture.path(of: id, in: "/events")
        check(
            path.lexicallyNormalized() == path && path.removingLastComponent() == "/events",
            "a picture is in its folder")
    }

    /// Checks that a result filter is the same after it is written and parsed again.
    private static func filter(_ query: Query, accept: String) {
        guard let filter = try? ResultFilter(query, threshold: 0.5, accept: accept) else { return }
        check(0.04...1 ~= filter.minimum, "a minimum confidence is from 0.04 to 1")
        let text = filter.query(threshold: 0.5)
        var again = try? ResultFilter(Query(String(text.dropFirst())), threshold: 0.5, accept: nil)
        again?.wantsPicture = filter.wantsPicture
        check(again == filter, "a filter is the same after it is written and parsed: \(filter), \(text)")
    }
}
