@testable import Tracking

/// Computes MOTA (Bernardin and Stiefelhagen 2008) and IDF1 (Ristani and others 2016) for a tracker's output.
struct TrackingScore {
    private(set) var objects = 0
    private(set) var misses = 0
    private(set) var falsePositives = 0
    private(set) var switches = 0
    private var outputs = 0
    private var identified = 0

    /// MOTA, which is 1 if the tracker made no mistake.
    var accuracy: Double { 1 - Double(misses + falsePositives + switches) / Double(objects) }
    /// IDF1, from 0 to 1; valid after ``finish()``.
    var identity: Double { 2 * Double(identified) / Double(objects + outputs) }

    static func + (left: TrackingScore, right: TrackingScore) -> TrackingScore {
        var sum = left
        sum.objects += right.objects
        sum.misses += right.misses
        sum.falsePositives += right.falsePositives
        sum.switches += right.switches
        sum.outputs += right.outputs
        sum.identified += right.identified
        return sum
    }

    /// The minimum overlap at which a track's box matches a true box, as in MOTChallenge.
    private static let matching = 0.5
    private var assignment = Assignment()
    private var trackOf: [Int: Int] = [:]
    private var together: [Int: [Int: Int]] = [:]
    private var lengthOfObject: [Int: Int] = [:]
    private var lengthOfTrack: [Int: Int] = [:]

    /// Adds the result of one look.
    ///
    /// - Parameters:
    ///   - truths: The numbers and the boxes of the objects in the picture.
    ///   - tracks: The numbers and the boxes of the tracks.
    mutating func add(_ truths: [(number: Int, box: Box)], _ tracks: [(number: Int, box: Box)]) {
        objects += truths.count
        outputs += tracks.count
        for truth in truths { lengthOfObject[truth.number, default: 0] += 1 }
        for track in tracks { lengthOfTrack[track.number, default: 0] += 1 }
        for truth in truths {
            for track in tracks where truth.box.overlap(track.box) >= Self.matching {
                together[truth.number, default: [:]][track.number, default: 0] += 1
            }
        }
        var freeTruths = truths
        var freeTracks = tracks
        // An object and a track that matched before remain a pair as long as their boxes still match.
        for truth in truths {
            guard let number = trackOf[truth.number],
                let index = freeTracks.firstIndex(where: {
                    $0.number == number && truth.box.overlap($0.box) >= Self.matching
                })
            else { continue }
            freeTracks.remove(at: index)
            freeTruths.removeAll { $0.number == truth.number }
        }
        var pairs: [(Int, Int)] = []
        assignment.solve(
            rows: freeTruths.count, columns: freeTracks.count, limit: 1 - Self.matching,
            cost: { row, column in
                let overlap = freeTruths[row].box.overlap(freeTracks[column].box)
                return overlap >= Self.matching ? 1 - overlap : Assignment.impossible
            }, pair: { pairs.append(($0, $1)) })
        for (row, column) in pairs {
            let (truth, track) = (freeTruths[row].number, freeTracks[column].number)
            if let old = trackOf[truth], old != track { switches += 1 }
            trackOf[truth] = track
        }
        misses += freeTruths.count - pairs.count
        falsePositives += freeTracks.count - pairs.count
    }

    /// Completes the numbers from which IDF1 is computed.
    ///
    /// Each object is assigned to at most one track, and each track to at most one object, so that as many boxes as
    /// possible belong to an assigned pair.
    mutating func finish() {
        let truths = lengthOfObject.keys.sorted()
        let tracks = lengthOfTrack.keys.sorted()
        // The more boxes an object and a track have in common, the lower the cost of this pair. All costs are at
        // most 1, because they must stay below `Assignment.impossible`.
        let most = Double(together.values.flatMap(\.values).max() ?? 1)
        var count = 0
        let common = together
        assignment.solve(
            rows: truths.count, columns: tracks.count, limit: 1,
            cost: { 1 - Double(common[truths[$0]]?[tracks[$1]] ?? 0) / most },
            pair: { count += common[truths[$0]]?[tracks[$1]] ?? 0 })
        identified += count
        trackOf = [:]
        (together, lengthOfObject, lengthOfTrack) = ([:], [:], [:])
    }
}
