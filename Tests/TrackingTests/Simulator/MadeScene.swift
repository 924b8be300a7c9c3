import Glibc

@testable import Tracking

/// A person or an animal in a simulated scene.
struct SceneObject {
    /// The indices of the classes in COCO.
    static let person = 0
    static let cat = 15

    var classID = person
    /// The height, in pixels of the camera's picture of 1280x720 pixels; the width has the same unit.
    var height: Double
    var width: Double
    /// The time during which the object exists.
    var seconds: ClosedRange<Double>
    /// Returns the middle of the object's lower edge at a time in seconds.
    var foot: @Sendable (Double) -> Point

    func box(at time: Double) -> Box? {
        guard seconds.contains(time) else { return nil }
        let foot = foot(time)
        return Box(left: foot.x - width / 2, top: foot.y - height, right: foot.x + width / 2, bottom: foot.y)
    }

    /// Returns a person who walks in a straight line, bobbing as people do; `speed` is in pixels per second.
    static func walker(
        height: Double, from x: Double, ground: Double, speed: Double, seconds: ClosedRange<Double>
    ) -> SceneObject {
        SceneObject(height: height, width: height * 0.5, seconds: seconds) { time in
            Point(x: x + speed * (time - seconds.lowerBound), y: ground + 5 * sin(6 * time))
        }
    }
}

/// A simulated camera with known objects.
///
/// It draws small grey pictures of 160x90 pixels. Positions and sizes are in pixels of a full picture of 1280x720.
struct MadeScene {
    static let size = PictureSize(width: 1280, height: 720)
    private static let width = 160
    private static let height = 90
    /// The standard deviation of the noise in a pixel of the small picture.
    ///
    /// It was measured on full pictures with a sensor noise of 3. It is lower than 3, because a pixel of the small
    /// picture is the mean of 64 pixels.
    private static let noise = 0.6

    var seconds: Double
    var objects: [SceneObject] = []
    /// A pillar that always hides what is behind it.
    var pillar: Box?
    /// Returns the brightness at a time and in a column of the small picture; 1 is daylight.
    var light: @Sendable (_ time: Double, _ column: Int) -> Double = { _, _ in 1 }
    /// The standard deviation of the camera's movement, in pixels of the full picture.
    var shake = 0.0
    /// The time during which the camera moves.
    var shakeSeconds = 0.0...0
    var hasTrees = false

    private var background: [Float]
    private var noiseTable: [Float]
    private var random: SeededRandom

    init(seed: UInt64, seconds: Double) {
        self.seconds = seconds
        random = SeededRandom(seed: seed)
        background = []
        var blocks: [Double] = []
        for _ in 0..<(20 * 12) { blocks.append(random.uniform(-20...20)) }
        for y in 0..<Self.height {
            for x in 0..<Self.width {
                background.append(
                    Float(90 + Double(y) / 3 + blocks[y / 8 * 20 + x / 8] + random.uniform(-12...12)))
            }
        }
        noiseTable = []
        for _ in 0..<30011 { noiseTable.append(Float(random.normal(0, Self.noise))) }
    }

    /// Returns the objects in the picture at a time, beginning with the objects that are farthest away.
    func truth(at time: Double) -> [Truth] {
        var things: [(truth: Truth, bottom: Double)] = []
        for (number, object) in objects.enumerated() {
            guard let box = object.box(at: time) else { continue }
            let clipped = box.intersection(Self.size.bounds)
            guard !clipped.isEmpty else { continue }
            things.append((Truth(number: number, box: clipped, visibility: clipped.area / box.area), box.bottom))
        }
        things.sort { $0.bottom < $1.bottom }
        for far in things.indices {
            var hidden = things[(far + 1)...].map { things[far].truth.box.share(inside: $0.truth.box) }.max() ?? 0
            if let pillar { hidden = max(hidden, things[far].truth.box.share(inside: pillar)) }
            things[far].truth.visibility *= 1 - hidden
        }
        return things.map(\.truth)
    }

    /// Draws the small grey picture at a time.
    mutating func picture(at time: Double) -> GreyPicture? {
        var values = background
        if hasTrees { sway(&values, at: time) }
        for truth in truth(at: time) { draw(truth, &values) }
        if let pillar { fill(pillar, &values) { _, y in 60 + Float(y % 3) * 10 } }
        if shake > 0, shakeSeconds.contains(time) { move(&values) }
        if hasTrees { rain(&values) }
        var pixels = [UInt8](repeating: 0, count: values.count)
        var noiseIndex = Int(random.next() % UInt64(noiseTable.count))
        let gains = (0..<Self.width).map { Float(light(time, $0)) }
        var index = 0
        var column = 0
        while index < values.count {
            let value = values[index] * gains[column] + noiseTable[noiseIndex] + 0.5
            pixels[index] = value <= 0 ? 0 : value >= 255 ? 255 : UInt8(value)
            index += 1
            column = column + 1 == Self.width ? 0 : column + 1
            noiseIndex += 1
            if noiseIndex == noiseTable.count { noiseIndex = 0 }
        }
        return GreyPicture(width: Self.width, height: Self.height, pixels: pixels)
    }

    private func draw(_ truth: Truth, _ values: inout [Float]) {
        let seed = truth.number * 37
        let top = Int(truth.box.top / 8)
        let left = Int(truth.box.left / 8)
        fill(truth.box, &values) { x, y in
            40 + Float((seed + (y - top) * 29 + (x - left) / 2 * 17) % 130)
        }
    }

    private func fill(_ box: Box, _ values: inout [Float], with value: (Int, Int) -> Float) {
        let (left, right) = (max(0, Int(box.left / 8)), min(Self.width, Int((box.right / 8).rounded())))
        let (top, bottom) = (max(0, Int(box.top / 8)), min(Self.height, Int((box.bottom / 8).rounded())))
        guard left < right && top < bottom else { return }
        for y in top..<bottom {
            for x in left..<right { values[y * Self.width + x] = value(x, y) }
        }
    }

    /// Moves leaves and branches in an area of 300x270 pixels of the full picture, by up to nine pixels.
    private func sway(_ values: inout [Float], at time: Double) {
        let shift = Float(6 * sin(1.7 * time) + 3 * sin(4.1 * time)) / 8
        for y in 8..<41 {
            for x in 113..<150 {
                let index = y * Self.width + x
                values[index] = background[index] + shift * (background[index + 1] - background[index - 1]) / 2
            }
        }
    }

    /// Draws streaks of rain, each of which is 24 pixels high and one pixel wide in the full picture.
    ///
    /// A streak therefore covers an eighth of each pixel of the small picture that it crosses.
    private mutating func rain(_ values: inout [Float]) {
        for _ in 0..<25 {
            let x = Int(random.uniform(0...159))
            let top = Int(random.uniform(0...85))
            for y in top..<(top + 3) { values[y * Self.width + x] += (210 - values[y * Self.width + x]) / 8 }
        }
    }

    /// Moves the whole picture by a random fraction of a pixel of the small picture, as a shaking camera does.
    private mutating func move(_ values: inout [Float]) {
        let x = Float(random.normal(0, shake / 8))
        let y = Float(random.normal(0, shake / 8))
        let old = values
        for line in 1..<(Self.height - 1) {
            for column in 1..<(Self.width - 1) {
                let index = line * Self.width + column
                values[index] +=
                    x * (old[index + 1] - old[index - 1]) / 2
                    + y * (old[index + Self.width] - old[index - Self.width]) / 2
            }
        }
    }
}
