import JSON
import LiveDetection

// In a file of its own, because TestSupport has a type `JSON` too.
extension LiveDetector {
    /// The status of the event journal as text.
    var journalText: String { journalJSON.text }

    /// The status of the settings as text.
    var settingsText: String { settingsJSON.text }
}
