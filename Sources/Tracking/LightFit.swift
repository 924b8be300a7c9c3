/// How a picture's brightness and contrast differ from the background's.
///
/// The differences are computed from medians, because medians ignore things that cover less than half of the picture.
/// Every 16th pixel is enough to compute a median.
struct LightFit: Sendable {
    private static let stride = 4
    private static let gains: ClosedRange<Float> = 0.5...2

    private(set) var gain: Float = 1
    private(set) var offset: Float = 0

    private var histogram = [Int32](repeating: 0, count: 257)
    private var pictureSamples: [Float] = []
    private var backgroundSamples: [Float] = []

    /// Finds the gain and the offset with which `background * gain + offset` approximates the picture.
    mutating func fit(_ picture: GreyPicture, _ background: [Float]) {
        pictureSamples.removeAll(keepingCapacity: true)
        backgroundSamples.removeAll(keepingCapacity: true)
        var y = Self.stride / 2
        while y < picture.height {
            var index = y * picture.width + Self.stride / 2
            let end = (y + 1) * picture.width
            while index < end {
                pictureSamples.append(Float(picture.pixels[index]))
                backgroundSamples.append(background[index])
                index += Self.stride
            }
            y += Self.stride
        }
        let pictureMedian = median(of: pictureSamples, around: 0)
        let backgroundMedian = median(of: backgroundSamples, around: 0)
        let pictureSpread = median(of: pictureSamples, around: pictureMedian)
        let backgroundSpread = median(of: backgroundSamples, around: backgroundMedian)
        let ratio = pictureSpread / max(1, backgroundSpread)
        gain = min(max(ratio, Self.gains.lowerBound), Self.gains.upperBound)
        offset = pictureMedian - backgroundMedian * gain
    }

    /// Returns the median distance of the samples from `center`.
    ///
    /// The median is found in a histogram with bars of width 1, and is interpolated within its bar.
    private mutating func median(of samples: [Float], around center: Float) -> Float {
        for index in histogram.indices { histogram[index] = 0 }
        var index = 0
        while index < samples.count {
            let distance = samples[index] > center ? samples[index] - center : center - samples[index]
            histogram[min(255, Int(distance + 0.5))] += 1
            index += 1
        }
        let half = Float(samples.count) / 2
        var below: Float = 0
        var bar = 0
        while bar < 255, below + Float(histogram[bar]) < half {
            below += Float(histogram[bar])
            bar += 1
        }
        let count = max(1, Float(histogram[bar]))
        // The bar for 0 contains only the distances from 0 to 0.5.
        let (start, width): (Float, Float) = bar == 0 ? (0, 0.5) : (Float(bar) - 0.5, 1)
        return start + width * (half - below) / count
    }
}
