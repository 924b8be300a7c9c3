import Events
import Journal
import Names
import Web

/// The events that a client asks for.
struct EventFilter {
    static let parameters: Set<String> = ["cameras", "labels", "types", "since"]

    /// nil: all.
    private let cameras: Set<String>?
    private let labels: Set<String>?
    private let types: Set<String>?
    /// Where to begin; nil: at the end of the journal.
    let start: JournalPosition?

    /// Reads the parameters `cameras`, `labels` and `types`, which are lists with commas, and `since`.
    ///
    /// A browser that connects again sends the header `Last-Event-ID`, which then takes precedence over `since`.
    init(_ query: Query, lastEventID: String?) throws(HTTPError) {
        cameras = Self.list(query.first("cameras"))
        labels = Self.list(query.first("labels"))
        types = Self.list(query.first("types"))
        let known = ["new", "update", "end", "motion", "status"]
        if let unknown = types?.first(where: { !known.contains($0) }) {
            let message = "The query parameter 'types' must be a list of new, update, end, motion and status, not "
            throw HTTPError(400, "bad_query", message + "'\(Excerpt(unknown))'.")
        }
        guard let text = lastEventID ?? query.first("since") else {
            start = nil
            return
        }
        guard let position = JournalPosition(text) else {
            let message = "'\(Excerpt(text))' is not the ID of an event; leave out 'since' to get new events only."
            throw HTTPError(400, "bad_event_id", message)
        }
        start = position
    }

    private static func list(_ text: String?) -> Set<String>? {
        text.map { Set($0.split(separator: ",").map(String.init)) }
    }

    /// Returns whether the client asks for an event, not considering its rights.
    func accepts(type: String, camera: String, label: String?) -> Bool {
        types?.contains(type) != false && cameras?.contains(camera) != false
            && (label.map { labels?.contains($0) != false } ?? (labels == nil || type == "status"))
    }
}
