/// A Kalman filter for a number that changes at a nearly constant speed.
///
/// The measurements are noisy, and may come at irregular times. The unit of time is the second. The acceleration is
/// assumed to be white noise.
struct KalmanValue: Sendable {
    private(set) var value: Double
    /// The change of the value per second.
    private(set) var speed = 0.0

    // The next three numbers are the covariance matrix of the value and the speed.
    private var valueVariance: Double
    /// The covariance of the value and the speed.
    private var covariance = 0.0
    private var speedVariance: Double

    /// - Parameters:
    ///   - value: The first measurement.
    ///   - noise: The standard deviation of the first measurement.
    ///   - speedNoise: The standard deviation of the initial speed, which is unknown, in units of the value per second.
    init(_ value: Double, noise: Double, speedNoise: Double) {
        self.value = value
        valueVariance = noise * noise
        speedVariance = speedNoise * speedNoise
    }

    /// Moves the estimate forward in time.
    ///
    /// - Parameters:
    ///   - seconds: The number of seconds to move forward; not negative.
    ///   - acceleration: How strongly the speed varies at random, in units of the value per second and per square root
    ///     of a second.
    mutating func predict(seconds: Double, acceleration: Double) {
        let noise = acceleration * acceleration
        value += speed * seconds
        valueVariance +=
            2 * seconds * covariance + seconds * seconds * speedVariance + noise * seconds * seconds * seconds / 3
        covariance += seconds * speedVariance + noise * seconds * seconds / 2
        speedVariance += noise * seconds
    }

    /// Corrects the estimate with a measurement that has a standard deviation of `noise`.
    mutating func correct(_ measurement: Double, noise: Double) {
        let total = valueVariance + noise * noise
        let gain = valueVariance / total
        let speedGain = covariance / total
        let error = measurement - value
        value += gain * error
        speed += speedGain * error
        speedVariance -= speedGain * covariance
        covariance *= 1 - gain
        valueVariance *= 1 - gain
    }

    /// Multiplies the speed by a factor.
    mutating func slow(by factor: Double) { speed *= factor }

    /// Converts the estimate to another unit.
    mutating func scale(by factor: Double) {
        value *= factor
        speed *= factor
        valueVariance *= factor * factor
        covariance *= factor * factor
        speedVariance *= factor * factor
    }
}
