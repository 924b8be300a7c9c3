import Glibc

/// The position, size and speed of an object, estimated from boxes that were detected at arbitrary times.
///
/// All noise is in units of the object's size, so that near and far objects are treated in the same way. The size is
/// the mean of width and height.
struct BoxFilter: Sendable {
    /// How far the centre of a detector's boxes scatters, and how far their width and height do, in sizes.
    ///
    /// These numbers were chosen with a simulator in which boxes scatter by 0.04, and boxes with a low score by 0.07.
    private static let centerNoise = 0.05
    private static let sizeNoise = 0.08
    /// The standard deviation of the initial speed, which is unknown, as a multiple of the noise above.
    ///
    /// Pedestrians move at most about one size per second.
    private static let speedFactor = 8.0
    /// How much the speed of the centre varies, and how much that of the size does.
    ///
    /// The unit is sizes per second per square root of a second.
    private static let centerAcceleration = 1.2
    private static let sizeAcceleration = 0.5
    /// The time constant with which an object stops growing or shrinking, and with which an unseen object stops moving.
    private static let fadingSeconds = 1.0
    /// How long an unseen object keeps its speed.
    private static let coastingSeconds = 0.5
    /// The minimum width and height in pixels, since an estimate that overshoots must not become negative.
    private static let minimumSize = 2.0

    private var centerX: KalmanValue
    private var centerY: KalmanValue
    private var width: KalmanValue
    private var height: KalmanValue

    init(_ box: Box) {
        let size = (box.width + box.height) / 2
        func value(_ number: Double, _ noise: Double) -> KalmanValue {
            KalmanValue(number, noise: noise * size, speedNoise: Self.speedFactor * noise * size)
        }
        centerX = value(box.centerX, Self.centerNoise)
        centerY = value(box.centerY, Self.centerNoise)
        width = value(box.width, Self.sizeNoise)
        height = value(box.height, Self.sizeNoise)
    }

    var box: Box { box(after: 0) }
    /// The speed of the centre in pixels per second.
    var speedX: Double { centerX.speed }
    var speedY: Double { centerY.speed }
    /// The mean of width and height.
    private var size: Double { max(Self.minimumSize, (width.value + height.value) / 2) }

    /// Returns the box after `seconds`, at constant speed and size.
    func box(after seconds: Double) -> Box {
        Box(
            centerX: centerX.value + centerX.speed * seconds, centerY: centerY.value + centerY.speed * seconds,
            width: max(Self.minimumSize, width.value), height: max(Self.minimumSize, height.value))
    }

    /// Advances the estimate in time.
    ///
    /// - Parameters:
    ///   - seconds: By how much; not negative.
    ///   - unseen: How long the object has not been seen, at the end of that time.
    mutating func predict(seconds: Double, unseen: Double) {
        let size = size
        let fading = exp(-seconds / Self.fadingSeconds)
        width.slow(by: fading)
        height.slow(by: fading)
        if unseen > Self.coastingSeconds {
            centerX.slow(by: fading)
            centerY.slow(by: fading)
        }
        centerX.predict(seconds: seconds, acceleration: Self.centerAcceleration * size)
        centerY.predict(seconds: seconds, acceleration: Self.centerAcceleration * size)
        width.predict(seconds: seconds, acceleration: Self.sizeAcceleration * size)
        height.predict(seconds: seconds, acceleration: Self.sizeAcceleration * size)
    }

    /// Advances the estimate of an object that stands still: only its position and size become less certain.
    mutating func predictStanding(seconds: Double) {
        stop()
        predict(seconds: min(seconds, 1), unseen: 0)
    }

    /// Takes a detected box into account; a box with a low score is trusted half as much.
    mutating func correct(_ box: Box, isWeak: Bool) {
        let unit = (box.width + box.height) / 2 * (isWeak ? 2 : 1)
        centerX.correct(box.centerX, noise: Self.centerNoise * unit)
        centerY.correct(box.centerY, noise: Self.centerNoise * unit)
        width.correct(box.width, noise: Self.sizeNoise * unit)
        height.correct(box.height, noise: Self.sizeNoise * unit)
    }

    /// Sets all speeds to zero.
    mutating func stop() {
        centerX.slow(by: 0)
        centerY.slow(by: 0)
        width.slow(by: 0)
        height.slow(by: 0)
    }

    /// Adapts the estimate to a change of the picture's size by these factors.
    mutating func scale(x: Double, y: Double) {
        centerX.scale(by: x)
        width.scale(by: x)
        centerY.scale(by: y)
        height.scale(by: y)
    }
}
