import Glibc

/// The place, the size and the speeds of an object, estimated from its boxes at any times.
///
/// All noise is in units of the object's size, the mean of width and height, so that near and far objects behave alike.
struct BoxFilter: Sendable {
    /// How far a detector's boxes scatter, in sizes: the centre, and width and height.
    ///
    /// Chosen on a simulator in which boxes scatter by 0.04 and weak ones by 0.07.
    private static let centerNoise = 0.05
    private static let sizeNoise = 0.08
    /// The first speed is unknown by eight times the noise: walkers move about 1 size per second at most.
    private static let speedFactor = 8.0
    /// How fast objects change their speed, in sizes per second and square root of a second: the centre, the size.
    private static let centerAcceleration = 1.2
    private static let sizeAcceleration = 0.5
    /// Sizes stop changing with this time constant, and so does the motion of an object that is no longer seen.
    private static let fadingSeconds = 1.0
    /// How long an unseen object keeps its speed.
    private static let coastingSeconds = 0.5
    /// Pixels; a filter that overshoots must not turn a box inside out.
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
    /// Pixels per second.
    var speedX: Double { centerX.speed }
    var speedY: Double { centerY.speed }
    /// The mean of width and height.
    private var size: Double { max(Self.minimumSize, (width.value + height.value) / 2) }

    /// Returns the box some seconds later, at constant speed and size.
    func box(after seconds: Double) -> Box {
        Box(
            centerX: centerX.value + centerX.speed * seconds, centerY: centerY.value + centerY.speed * seconds,
            width: max(Self.minimumSize, width.value), height: max(Self.minimumSize, height.value))
    }

    /// Moves on in time.
    ///
    /// - Parameters:
    ///   - seconds: How far; not negative.
    ///   - unseen: For how long nothing has been seen of the object, at the end of that time.
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

    /// Lets time pass for an object that stands: only its size and place become less certain.
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

    /// Stops it where it is.
    mutating func stop() {
        centerX.slow(by: 0)
        centerY.slow(by: 0)
        width.slow(by: 0)
        height.slow(by: 0)
    }

    /// Follows a change of the picture's size.
    mutating func scale(x: Double, y: Double) {
        centerX.scale(by: x)
        width.scale(by: x)
        centerY.scale(by: y)
        height.scale(by: y)
    }
}
