/// A number that changes at a nearly constant speed, estimated from noisy measurements at any times: a Kalman filter.
///
/// Units are those of the number and seconds. The acceleration is taken as white noise.
struct KalmanValue: Sendable {
    private(set) var value: Double
    /// Per second.
    private(set) var speed = 0.0

    /// The covariance matrix: of the value, of value and speed, of the speed.
    private var valueVariance: Double
    private var covariance = 0.0
    private var speedVariance: Double

    /// - Parameters:
    ///   - value: The first measurement.
    ///   - noise: Its standard deviation.
    ///   - speedNoise: The standard deviation of the unknown first speed, per second.
    init(_ value: Double, noise: Double, speedNoise: Double) {
        self.value = value
        valueVariance = noise * noise
        speedVariance = speedNoise * speedNoise
    }

    /// Moves on in time.
    ///
    /// - Parameters:
    ///   - seconds: How far; not negative.
    ///   - acceleration: The noise of the speed, per second and square root of a second.
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

    /// Reduces the speed.
    mutating func slow(by factor: Double) { speed *= factor }

    /// Changes the unit.
    mutating func scale(by factor: Double) {
        value *= factor
        speed *= factor
        valueVariance *= factor * factor
        covariance *= factor * factor
        speedVariance *= factor * factor
    }
}
