import Glibc
public import Linux

/// Finds the parts of a picture in which something moves, at a hundredth of a detector's cost.
///
/// Each picture is compared with a background, which slowly adapts to the pictures. Changes in brightness and contrast
/// are compensated for before this comparison. The gate learns the noise of each pixel. It thus becomes less sensitive
/// to rustling leaves, and to the edges of things in the picture of a shaking camera.
public struct MotionGate: Sendable {
    public struct Options: Sendable {
        /// The difference in luma, 0 to 255, that a pixel must exceed to count as moving.
        public var minimumDifference: Float = 4
        /// The difference that a pixel must also exceed to count as moving, in standard deviations of its own noise.
        public var noiseFactor: Float = 5
        /// The minimum number of moving pixels at which a cell has motion; a cell has 64 pixels.
        public var minimumPixelCount = 6
        /// The areas in which motion does not count; objects are still detected in them.
        public var ignoredAreas: [Polygon] = []

        public init() {}
    }

    /// The time constant with which the background adapts, in seconds.
    ///
    /// At 5 pictures per second, a new picture has a weight of 0.03.
    private static let following = 6.6
    /// The factor by which the background adapts more slowly where something moves.
    private static let movingFactor = 4.0
    /// The time constant with which the background adapts while it is being learned, in seconds.
    private static let learning = 0.7
    /// The time constant with which the noise of a pixel is learned, in seconds.
    private static let noiseFollowing = 3.9
    /// The limits of a pixel's noise, in luma.
    private static let noiseRange: ClosedRange<Float> = 0.3...8
    private static let firstNoise: Float = 1.5
    /// The ratio of the standard deviation of normally distributed noise to its mean absolute deviation.
    private static let deviationFactor: Float = 1.25
    /// How long the background is learned at the start and after a change of the whole picture, in seconds.
    private static let learningSeconds = 2.0
    /// If more than this share of the cells has motion, the whole picture counts as changed.
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

    /// Compares a picture with the background, and then adapts the background to the picture.
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
        // After a change of the whole picture, most of the new scene is learned soon, and the change then no longer
        // counts as global. Without more time for fast learning, the rest of the scene would count as moving for half a
        // minute.
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
        // Moving pixels are learned too. Otherwise, a thing that somebody has put down would count as moving forever.
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
