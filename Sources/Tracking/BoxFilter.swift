import Glibc

/// Estimates the position, the size and the speeds of an object from its boxes, which may come at irregular times.
///
/// All noise is in units of the object's size, which is the mean of its width and height. Near and distant objects are
/// therefore treated alike.
struct BoxFilter: Sendable {
    /// The standard deviation of the centre of a detected box, in units of the object's size.
    ///
    /// This value and `sizeNoise` were chosen with a simulator. In it, the boxes of sure sightings scatter by 0.04
    /// sizes, and the boxes of weak sightings by 0.07 sizes.
    private static let centerNoise = 0.05
    /// The standard deviation of the width and the height of a detected box, in units of the object's size.
    private static let sizeNoise = 0.08
    /// The standard deviation of the initial speed, in standard deviations of a detected box per second.
    ///
    /// A walking person moves by at most about one size per second.
    private static let speedFactor = 8.0
    /// How much the speed of the centre varies, in sizes per second and per square root of a second.
    private static let centerAcceleration = 1.2
    /// How much the speed of the width and the height varies, in sizes per second and per square root of a second.
    private static let sizeAcceleration = 0.5
    /// The time constant with which a change of the size slows down, in seconds.
    ///
    /// An object that is no longer seen slows down with the same time constant.
    private static let fadingSeconds = 1.0
    /// How long an object that is not seen keeps its speed, in seconds.
    private static let coastingSeconds = 0.5
    /// The minimum width and height in pixels.
    ///
    /// Without this limit, an estimate that overshoots could have a negative width or height.
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
    /// The horizontal speed, in pixels per second.
    var speedX: Double { centerX.speed }
    /// The vertical speed, in pixels per second.
    var speedY: Double { centerY.speed }
    /// The mean of width and height.
    private var size: Double { max(Self.minimumSize, (width.value + height.value) / 2) }

    /// Returns the box that is expected after the given time if the speed and the size remain constant.
    func box(after seconds: Double) -> Box {
        Box(
            centerX: centerX.value + centerX.speed * seconds, centerY: centerY.value + centerY.speed * seconds,
            width: max(Self.minimumSize, width.value), height: max(Self.minimumSize, height.value))
    }

    /// Moves the estimate forward in time.
    ///
    /// - Parameters:
    ///   - seconds: The number of seconds to move forward; not negative.
    ///   - unseen: The time from the last sighting to the end of this step, in seconds.
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

    /// Moves the estimate of a stationary object forward in time, by at most one second.
    ///
    /// The box stays the same. Only its position and size become less certain.
    mutating func predictStanding(seconds: Double) {
        stop()
        predict(seconds: min(seconds, 1), unseen: 0)
    }

    /// Corrects the estimate with a detected box.
    ///
    /// The box of a weak sighting is assumed to be twice as noisy as the box of a sure sighting.
    mutating func correct(_ box: Box, isWeak: Bool) {
        let unit = (box.width + box.height) / 2 * (isWeak ? 2 : 1)
        centerX.correct(box.centerX, noise: Self.centerNoise * unit)
        centerY.correct(box.centerY, noise: Self.centerNoise * unit)
        width.correct(box.width, noise: Self.sizeNoise * unit)
        height.correct(box.height, noise: Self.sizeNoise * unit)
    }

    /// Sets all speeds to 0.
    mutating func stop() {
        centerX.slow(by: 0)
        centerY.slow(by: 0)
        width.slow(by: 0)
        height.slow(by: 0)
    }

    /// Converts the estimate to another picture size.
    ///
    /// - Parameters:
    ///   - x: The ratio of the new width to the old one.
    ///   - y: The ratio of the new height to the old one.
    mutating func scale(x: Double, y: Double) {
        centerX.scale(by: x)
        width.scale(by: x)
        centerY.scale(by: y)
        height.scale(by: y)
    }
}
