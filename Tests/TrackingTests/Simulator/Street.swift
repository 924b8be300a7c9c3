import Glibc

@testable import Tracking

/// The true position of a simulated object.
struct Truth {
    var number: Int
    /// The box of the object, clipped to the picture.
    var box: Box
    /// The share of the object that is in the picture and not hidden, 0 to 1.
    var visibility: Double
}

/// A simulated street, along which twelve people of different sizes walk in the course of one minute.
///
/// People who are near hide people who are farther away. Some people stop for a while.
struct Street {
    static let size = PictureSize(width: 1280, height: 720)
    static let seconds = 60.0

    private struct Walker {
        var start: Double
        var height: Double
        var width: Double
        /// The speed in pixels per second; it is negative if the person walks from right to left.
        var speed: Double
        /// The y coordinate of the feet.
        var ground: Double
        /// Where the person stops (as a share of the way) and for how many seconds; nil if the person does not stop.
        var stop: (place: Double, seconds: Double)?
        var phase: Double

        func box(at time: Double) -> Box? {
            let wayTime = (Double(Street.size.width) + width) / abs(speed)
            var walked = time - start
            if let stop, walked > stop.place * wayTime {
                walked = max(stop.place * wayTime, walked - stop.seconds)
            }
            guard walked >= 0 && walked < wayTime else { return nil }
            let x = speed > 0 ? -width / 2 + speed * walked : Double(Street.size.width) + width / 2 + speed * walked
            let bottom = ground + 3 * sin(6 * time + phase)
            return Box(left: x - width / 2, top: bottom - height, right: x + width / 2, bottom: bottom)
        }
    }

    private var walkers: [Walker] = []
    private var detector: NoisyDetector

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<12 {
            let height = random.uniform(70...380)
            walkers.append(
                Walker(
                    start: random.uniform(0...(Self.seconds - 8)), height: height,
                    width: height * random.uniform(0.38...0.55),
                    speed: random.uniform(0.35...1.3) * height * (random.happens(0.5) ? 1 : -1),
                    ground: 260 + (height - 70) / 310 * 400,
                    stop: random.happens(0.4) ? (random.uniform(0.3...0.7), random.uniform(4...25)) : nil,
                    phase: random.uniform(0...6)))
        }
        detector = NoisyDetector(seed: random.next())
    }

    /// Returns the people in the picture, beginning with the most distant ones.
    func truth(at time: Double) -> [Truth] {
        var truths: [Truth] = []
        var whole: [Box] = []
        for (number, walker) in walkers.enumerated() {
            guard let box = walker.box(at: time) else { continue }
            let clipped = box.intersection(Self.size.bounds)
            guard clipped.width >= 4, !clipped.isEmpty else { continue }
            truths.append(Truth(number: number, box: clipped, visibility: clipped.area / box.area))
            whole.append(box)
        }
        let order = truths.indices.sorted { whole[$0].bottom < whole[$1].bottom }
        truths = order.map { truths[$0] }
        for far in truths.indices {
            let hidden = truths[(far + 1)...].map { truths[far].box.share(inside: $0.box) }.max() ?? 0
            truths[far].visibility *= 1 - hidden
        }
        return truths
    }

    mutating func sightings(of truths: [Truth], looksPerSecond: Double) -> [Sighting] {
        detector.sightings(of: truths, in: Self.size, falseBoxes: 0.3 / looksPerSecond)
    }
}

/// Simulates a detector that makes the same kinds of errors as YOLOX-nano.
///
/// It misses some people, sees others with low scores, reports inexact boxes, and sometimes reports people who are not
/// there.
struct NoisyDetector {
    static let person = 0
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Simulates one look.
    ///
    /// - Parameters:
    ///   - truths: The people in the picture.
    ///   - size: The size of the picture.
    ///   - falseBoxes: The probability that the detector reports a box where nobody is.
    /// - Returns: What the detector reports, without overlapping boxes.
    mutating func sightings(of truths: [Truth], in size: PictureSize, falseBoxes: Double) -> [Sighting] {
        var sightings: [Sighting] = []
        for truth in truths {
            let isClear = truth.visibility > 0.7
            let isHalf = truth.visibility > 0.35
            if random.happens(isClear ? 0.93 : isHalf ? 0.6 : 0.05) {
                let score = random.normal(isClear ? 0.72 : isHalf ? 0.45 : 0.25, 0.12)
                sightings.append(sighting(truth.box, score: min(max(score, 0.06), 0.97), scatter: 0.04))
            } else if random.happens(0.7) {
                sightings.append(sighting(truth.box, score: random.uniform(0.1...0.4), scatter: 0.07))
            }
        }
        if random.happens(falseBoxes) {
            let height = random.uniform(50...250)
            let left = random.uniform(0...Double(size.width - 100))
            let top = random.uniform(0...(Double(size.height) - height))
            sightings.append(
                Sighting(
                    classID: Self.person, score: random.uniform(0.3...0.65),
                    box: Box(left: left, top: top, right: left + height * 0.45, bottom: top + height)))
        }
        return Self.suppressed(sightings)
    }

    private mutating func sighting(_ box: Box, score: Double, scatter: Double) -> Sighting {
        let deviation = scatter * (box.width + box.height) / 2
        return Sighting(
            classID: Self.person, score: score,
            box: Box(
                left: box.left + random.normal(0, deviation), top: box.top + random.normal(0, deviation),
                right: box.right + random.normal(0, deviation), bottom: box.bottom + random.normal(0, deviation)))
    }

    /// Removes boxes that overlap a box with a higher score too much, as the real detector does.
    static func suppressed(_ sightings: [Sighting]) -> [Sighting] {
        var kept: [Sighting] = []
        for sighting in sightings.sorted(by: { $0.score > $1.score }) {
            if !kept.contains(where: { $0.box.overlap(sighting.box) > 0.45 }) { kept.append(sighting) }
        }
        return kept
    }
}
