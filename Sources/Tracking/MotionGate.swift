import Glibc
public import Linux

/// Finds motion, at a hundredth of the cost of a detector.
///
/// Each picture is compared with a background, which adapts slowly. The gate learns the noise of each pixel, so that
/// it becomes less sensitive to rustling leaves, and to edges if the camera shakes. Changes of the light are
/// compensated first.
public struct MotionGate: Sendable {
    public struct Options: Sendable {
        /// The difference in luma, from 0 to 255, that a moving pixel must exceed.
        public var minimumDifference: Float = 4
        /// How many standard deviations of its own noise a moving pixel must also exceed.
        public var noiseFactor: Float = 5
        /// How many of a cell's 64 pixels must move for the cell to count as moving.
        public var minimumPixelCount = 6
        /// Areas of the picture in which motion does not count; objects are still detected there.
        public var ignoredAreas: [Polygon] = []

        public init() {}
    }

    /// The time constant, in seconds, with which the background adapts to the picture.
    ///
    /// It corresponds to 3 % per picture at 5 pictures per second. The background adapts four times as slowly where
    /// something moves, and faster while it is being learned.
    private static let following = 6.6
    private static let movingFactor = 4.0
    private static let learning = 0.7
    /// The time constant with which a pixel's noise is learned, and the limits and first value of the noise in luma.
    private static let noiseFollowing = 3.9
    private static let noiseRange: ClosedRange<Float> = 0.3...8
    private static let firstNoise: Float = 1.5
    /// The standard deviation of normally distributed noise, divided by its mean absolute deviation.
    private static let deviationFactor: Float = 1.25
    private static let learningSeconds = 2.0
    /// If more than this share of the cells move, the whole picture has changed.
    private static let globalShare = 0.5

    private let options: Options
    private var light = LightFit()
    private var background: [Float] = []
    private var noise: [Float] = []
    private var isMoving: [Bool] = []
    private var counts: [Int32] = []
    private var isIgnored: [Bool] = []
    private var ignoredCount = 0
    private var beginning = Instant.distantPast
    private var previous = Instant.distantPast
    private var fastUntil = Instant.distantPast
    private var motion = Motion()

    public init(options: Options = Options()) { self.options = options }

    /// Compares a picture with the background, and adapts the background to it.
    public mutating func update(_ picture: GreyPicture, at time: Instant) -> Motion {
        let grid = CellGrid(width: picture.width, height: picture.height)
        guard grid == motion.grid, !background.isEmpty else {
            start(picture, grid, at: time)
            return motion
        }
        let seconds = max(0, (time - previous).inSeconds)
        previous = max(time, previous)
        light.fit(picture, background)
        compare(picture, grid)
        motion.cells.removeAll(keepingCapacity: true)
        for cell in 0..<grid.count where counts[cell] >= options.minimumPixelCount && !isIgnored[cell] {
            motion.cells.append(cell)
        }
        let isGlobal = Double(motion.cells.count) > Self.globalShare * Double(max(1, grid.count - ignoredCount))
        let isLearning = (time - beginning).inSeconds < Self.learningSeconds
        // Continue to learn fast after most of a new scene has been learned. Otherwise, the rest of the scene would
        // count as motion for half a minute.
        if isGlobal { fastUntil = time + Duration(inSeconds: Self.learningSeconds) }
        learn(picture, seconds: seconds, isFast: isLearning || time < fastUntil)
        motion.state = isLearning ? .learning : isGlobal ? .global : motion.cells.isEmpty ? .still : .motion
        if motion.state != .motion { motion.cells.removeAll(keepingCapacity: true) }
        return motion
    }

    private mutating func start(_ picture: GreyPicture, _ grid: CellGrid, at time: Instant) {
        beginning = time
        previous = time
        fastUntil = .distantPast
        motion = Motion()
        motion.grid = grid
        background = picture.pixels.map(Float.init)
        noise = Array(repeating: Self.firstNoise, count: background.count)
        isMoving = Array(repeating: false, count: background.count)
        counts = Array(repeating: 0, count: grid.count)
        let whole = PictureSize(width: 1, height: 1)
        isIgnored = (0..<grid.count).map { cell in
            let box = grid.box(of: cell, in: whole)
            return options.ignoredAreas.contains { $0.contains(Point(x: box.centerX, y: box.centerY)) }
        }
        ignoredCount = isIgnored.count { $0 }
    }

    /// Adapts the background to the light, and counts the pixels of each cell that differ from the background.
    private mutating func compare(_ picture: GreyPicture, _ grid: CellGrid) {
        for cell in counts.indices { counts[cell] = 0 }
        let (gain, offset) = (light.gain, light.offset)
        let (minimum, factor) = (options.minimumDifference, options.noiseFactor)
        var index = 0
        var y = 0
        while y < picture.height {
            let row = y / CellGrid.side * grid.columns
            var x = 0
            while x < picture.width {
                let adapted = background[index] * gain + offset
                background[index] = adapted
                let difference = abs(Float(picture.pixels[index]) - adapted)
                let moves = difference > minimum && difference > factor * noise[index]
                isMoving[index] = moves
                if moves { counts[row + x / CellGrid.side] += 1 }
                index += 1
                x += 1
            }
            y += 1
        }
    }

    private mutating func learn(_ picture: GreyPicture, seconds: Double, isFast: Bool) {
        let still = Float(1 - exp(-seconds / (isFast ? Self.learning : Self.following)))
        // Moving pixels are learned too. Otherwise, an object that was put down would count as motion forever.
        let moving = isFast ? still : Float(1 - exp(-seconds / (Self.following * Self.movingFactor)))
        let noisy = Float(1 - exp(-seconds / Self.noiseFollowing))
        var index = 0
        while index < background.count {
            let difference = Float(picture.pixels[index]) - background[index]
            if isMoving[index] {
                background[index] += moving * difference
            } else {
                background[index] += still * difference
                let deviation = noise[index] + noisy * (Self.deviationFactor * abs(difference) - noise[index])
                noise[index] = min(max(deviation, Self.noiseRange.lowerBound), Self.noiseRange.upperBound)
            }
            index += 1
        }
    }
}
