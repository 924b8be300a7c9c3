/// A number that changes at an almost constant speed, which a Kalman filter estimates from noisy measurements.
///
/// The measurements may be made at any time. The unit of time is a second. The acceleration is treated as white noise.
struct KalmanValue: Sendable {
    private(set) var value: Double
    /// The change of the number per second.
    private(set) var speed = 0.0

    /// The covariance matrix: the variance of the value, the covariance of value and speed, the variance of the speed.
    private var valueVariance: Double
    private var covariance = 0.0
    private var speedVariance: Double

    /// - Parameters:
    ///   - value: The first measurement.
    ///   - noise: The standard deviation of that measurement.
    ///   - speedNoise: The standard deviation of the initial speed, which is unknown, per second.
    init(_ value: Double, noise: Double, speedNoise: Double) {
        self.value = value
        valueVariance = noise * noise
        speedVariance = speedNoise * speedNoise
    }

    /// Advances the estimate in time.
    ///
    /// - Parameters:
    ///   - seconds: By how much; not negative.
    ///   - acceleration: The noise of the speed, per second per square root of a second.
    mutating func predict(seconds: Double, acceleration: Double) {
        let noise = acceleration * acceleration
        value += speed * seconds
        valueVariance +=
            2 * seconds * covariance + seconds * seconds * speedVariance + noise * seconds * seconds * seconds / 3
        covariance += seconds * speedVariance + noise * seconds * seconds / 2
        speedVariance += noise * seconds
    }

    /// Takes a measurement with a standard deviation of `noise` into account.
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

    /// Multiplies the speed by `factor`.
    mutating func slow(by factor: Double) { speed *= factor }

    /// Converts the estimate to a unit in which numbers are `factor` times as large.
    mutating func scale(by factor: Double) {
        value *= factor
        speed *= factor
        valueVariance *= factor * factor
        covariance *= factor * factor
        speedVariance *= factor * factor
    }
}
