import Detection
import Linux
import SharedFrame
import Tracking

/// A frame at which the detector should look.
struct Look: Sendable {
    let frame: Frame
    let size: PictureSize
    let plan: LookPlan
    let model: Detector.LoadedModel
    /// The number of the scene for which the look was requested; results for an earlier scene are ignored.
    let scene: UInt64
}

/// The result of a look.
struct FinishedLook: Sendable {
    let look: Look
    /// What the detector saw, in pixels of the whole picture, or why it failed.
    let sightings: Result<[Sighting], DetectionError>
    /// How long the look took.
    let duration: Duration
}

/// Performs looks on one thread.
///
/// The runner keeps its detector until a look requires another model.
struct LookRunner: ~Copyable {
    private var detector: Detector?

    mutating func perform(_ look: Look) -> FinishedLook {
        let began = Instant.now
        do throws(DetectionError) {
            let sightings = try sightings(of: look)
            return FinishedLook(look: look, sightings: .success(sightings), duration: .now - began)
        } catch {
            // Drop the detector, because its decoder may keep state from a damaged picture.
            detector = nil
            return FinishedLook(look: look, sightings: .failure(error), duration: .now - began)
        }
    }

    private mutating func sightings(of look: Look) throws(DetectionError) -> [Sighting] {
        let detector = try detector(for: look.model)
        let bounds = look.size.bounds
        if look.plan.regions == [bounds] {
            let detection = try look.frame.bytes.withRawSpan { (bytes) throws(DetectionError) in
                try detector.detect(bytes, isTruncationAllowed: true)
            }
            return detection.predictions.map { Sighting($0) }
        }
        let regions = look.plan.regions.map { Prediction.Box($0) }
        let found = try look.frame.bytes.withRawSpan { (bytes) throws(DetectionError) in
            try detector.detect(in: regions, of: bytes)
        }
        return LookRegion.merge(
            zip(look.plan.regions, found).map { region, predictions in
                let given = PictureSize(width: Int(region.width), height: Int(region.height))
                return LookRegion.map(
                    predictions.map { Sighting($0) }, given: given, region: region, in: look.size)
            })
    }

    private mutating func detector(for model: Detector.LoadedModel) throws(DetectionError) -> Detector {
        if let detector, detector.loadedModel.isSame(as: model) { return detector }
        let new = try Detector(model)
        detector = new
        return new
    }
}

extension Sighting {
    init(_ prediction: Prediction) {
        let box = prediction.box
        self.init(
            classID: prediction.classID, score: Double(prediction.confidence),
            box: Box(
                left: Double(box.left), top: Double(box.top), right: Double(box.right), bottom: Double(box.bottom)))
    }
}

extension Prediction.Box {
    init(_ box: Box) {
        self.init(
            left: Int(box.left.rounded()), top: Int(box.top.rounded()), right: Int(box.right.rounded()),
            bottom: Int(box.bottom.rounded()))
    }
}
