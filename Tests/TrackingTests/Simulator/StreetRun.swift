import Linux

@testable import Tracking

/// Tracks people in a simulated street, and compares the tracks with the truth.
enum StreetRun {
    /// Simulates one street and a detector that looks at it `rate` times per second.
    ///
    /// - Returns: The score, the number of tracks and the number of objects.
    static func run(seed: UInt64, rate: Double) -> (score: TrackingScore, tracks: Int, objects: Int) {
        var street = Street(seed: seed)
        var tracker = Tracker(
            filter: ObjectFilter(rules: [NoisyDetector.person: ClassRule()]), pictureSize: Street.size)
        var score = TrackingScore()
        var numbers: Set<Int> = []
        var objects: Set<Int> = []
        for look in 0..<Int(Street.seconds * rate) {
            let time = Double(look) / rate
            let truths = street.truth(at: time)
            tracker.update(
                at: Instant(nanoseconds: 1_000_000_000) + Duration(inSeconds: time),
                sightings: street.sightings(of: truths, looksPerSecond: rate), regions: [Street.size.bounds])
            // A person who is mostly hidden counts neither as tracked nor as missed.
            let countedTruths = truths.filter { $0.visibility >= 0.4 }.map { (number: $0.number, box: $0.box) }
            let hidden = truths.filter { $0.visibility < 0.4 }
            let tracks = tracker.tracks.filter { $0.isConfirmed && $0.isSeen }
                .map { (number: $0.number, box: $0.sighting.box) }
                .filter { track in
                    !hidden.contains { $0.box.overlap(track.box) > 0.3 }
                        || countedTruths.contains { $0.box.overlap(track.box) > 0.5 }
                }
            score.add(countedTruths, tracks)
            numbers.formUnion(tracks.map(\.number))
            objects.formUnion(countedTruths.map(\.number))
        }
        score.finish()
        return (score, numbers.count, objects.count)
    }
}
