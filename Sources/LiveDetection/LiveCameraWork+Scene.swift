import Configuration
import Detection
import Linux
import Logging
import Synchronization
import Tracking

// The scene and the settings on which it depends.
extension LiveCameraWork {
    /// Applies settings that have changed.
    ///
    /// If other objects are wanted, the objects so far are ended, because they may be unwanted now.
    func applySettings() {
        let (new, newJournal) = camera.newestSettings
        guard new != settings || newJournal !== journal else { return }
        if new.scene != settings.scene || newJournal !== journal {
            endObjects()
            discardScene()
        }
        if new.rate != settings.rate {
            gateDue = .distantPast
            if isActive { camera.board.setRate(new.rate, of: camera.name) }
        }
        (settings, journal) = (new, newJournal)
        camera.report.withLock { $0.settings = new }
    }

    func discardScene() {
        scene = nil
        sceneNumber += 1
    }

    /// Creates a scene for the current model if necessary; returns the model, or nil if no model is loaded.
    func prepareScene(_ size: PictureSize) -> Detector.LoadedModel? {
        let (generation, state) = camera.configuration.model.value
        var model: Detector.LoadedModel?
        var reason = ""
        switch state {
        case .ready(let loaded): model = loaded
        case .loading: reason = "the detector is loading its model"
        case .unavailable(let error): reason = "only motion is detected, because the model is not available: \(error)"
        }
        if scene?.generation != generation {
            endObjects()
            sceneNumber += 1
            let labels = model?.description.labels ?? []
            let unknown = model == nil ? [] : settings.scene.classes.filter { !labels.contains($0) }
            if !unknown.isEmpty, unknown != DetectionSettings.standardClasses {
                log(.warning, "the model does not know these classes: \(unknown.joined(separator: ", "))")
            }
            scene = LiveScene(
                labels: labels, generation: generation, settings: settings.scene, size: size,
                ids: EventIDs(salt: Self.salt()))
        }
        scene?.resize(to: size)
        camera.report.withLock { $0.reason = reason }
        return model
    }

    /// Returns six random letters and digits.
    private static func salt() -> String {
        let characters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        return String((0..<6).map { _ in characters[Int.random(in: 0..<characters.count)] })
    }
}
