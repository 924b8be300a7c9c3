import Linux
import Names
import SharedFrame
import SystemPackage
import Web

@testable import DetectionServer
@testable import FrameServer

/// A request's path, query and headers.
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
        }
        if let route = DetectionRoute(path: path) { _ = try? query.check(known: route.parameters) }
        readAll(query, header: header)
        examine(camera: text)
        filter(query, accept: header)
    }

    private static func readAll(_ query: Query, header: String) {
        if let options = try? StreamOptions(query, accept: header) {
            let bounds = Duration.milliseconds(8)...Duration.seconds(10)
            check(options.interval == .zero || bounds.contains(options.interval), "0.1 to 120 pictures/s")
        }
        if let request = try? SnapshotRequest(query, ifNoneMatch: header, now: Instant(nanoseconds: 1 << 40)) {
            check(request.deadline > request.began, "a snapshot waits")
            check(request.maximumAge ?? .zero <= .seconds(3600), "an age of at most an hour")
            _ = request.isKnown(1)
        }
        if let number = try? query.number("fps", in: 0.1...120) { check(0.1...120 ~= number, "within its range") }
        if let number = try? query.integer("after", in: 0...9) { check(0...9 ~= number, "within its range") }
    }

    private static func camera(of route: Route) -> String? {
        switch route {
        case .stream(.name(let name)), .snapshot(.name(let name)): name
        case .status(let camera), .controls(let camera): camera
        case .stream, .snapshot: nil
        case .health, .metrics: nil
        }
    }

    /// An accepted name leads to a file in the folder of shared memory and nowhere else.
    private static func examine(camera text: String?) {
        guard let text, let name = CameraName(text) else { return }
        check(name.text.utf8.elementsEqual(text.utf8), "a name is taken as it is")
        for kind in RingName.Kind.allCases {
            guard let prefix = SystemPrefix("fuzz") else { fatalError("not a prefix") }
            let ring = RingName(prefix: prefix, camera: name, kind: kind)
            check(ring.path.removingLastComponent() == RingName.folder, "a ring lies in its folder")
            check(ring.path.lexicallyNormalized() == ring.path, "a ring's path has no way out")
            check(ring.path.string.utf8.count < 255, "a ring's path is not too long")
        }
    }

    /// A result filter that is written and parsed again is the same.
    private static func filter(_ query: Query, accept: String) {
        guard let filter = try? ResultFilter(query, threshold: 0.5, accept: accept) else { return }
        check(0.04...1 ~= filter.minimum, "a confidence")
        let text = filter.query(threshold: 0.5)
        var again = try? ResultFilter(Query(String(text.dropFirst())), threshold: 0.5, accept: nil)
        again?.wantsPicture = filter.wantsPicture
        check(again == filter, "a filter can be written: \(filter), \(text)")
    }
}
