import SharedFrame

/// The resource that the path of a request names.
enum DetectionRoute: Equatable {
    /// Detection in a camera's frame, or in a picture that the request's body contains.
    case detect(camera: String?)
    /// Detection for DeepStack clients, which send the picture in a form.
    ///
    /// `model` is the name of a custom model; nil means the standard model.
    case deepStack(model: String?)
    /// A document that DeepStack clients request before they send pictures. The next three cases name such documents
    /// too.
    case modelList
    case ping
    case updateAvailable
    case version
    case status
    /// The result with this ID, as JSON.
    case result(String)
    /// The picture of the result with this ID.
    case picture(String)
    /// The picture of the result with this ID, with boxes.
    case overlay(String)

    /// Parses a path; returns nil if it names no resource.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch (parts.first, parts.count) {
        case ("detect_once", 1): self = .detect(camera: nil)
        case ("detect_once", 2): self = .detect(camera: parts[1])
        case ("v1", 3) where parts[1] == "vision" && parts[2] == "detection": self = .deepStack(model: nil)
        case ("v1", 4) where parts[1] == "vision" && parts[2] == "custom":
            self = parts[3] == "list" ? .modelList : .deepStack(model: parts[3])
        case ("v1", 3) where parts[1] == "status":
            switch parts[2] {
            case "ping": self = .ping
            case "updateavailable": self = .updateAvailable
            case "version": self = .version
            default: return nil
            }
        case ("detect", 2):
            switch parts[1] {
            case "status": self = .status
            case let name where name.hasSuffix(".overlay.jpg"): self = .overlay(String(name.dropLast(12)))
            case let name where name.hasSuffix(".jpg"): self = .picture(String(name.dropLast(4)))
            case let name where name.hasSuffix(".json"): self = .result(String(name.dropLast(5)))
            default: return nil
            }
        default: return nil
        }
    }

    /// The methods that the resource allows.
    var methods: [String] {
        switch self {
        case .detect, .deepStack: ["POST"]
        // Some clients request these documents with GET, and others with POST.
        case .modelList, .ping, .updateAvailable, .version: ["GET", "HEAD", "POST"]
        case .status, .result, .picture, .overlay: ["GET", "HEAD"]
        }
    }

    /// Whether unknown query parameters are ignored.
    ///
    /// DeepStack clients may send parameters that only other servers know, such as API keys.
    var ignoresUnknownParameters: Bool {
        switch self {
        case .deepStack, .modelList, .ping, .updateAvailable, .version: true
        default: false
        }
    }

    /// Whether the request asks for detection in a picture, and not for a stored result or a document.
    var isPost: Bool {
        switch self {
        case .detect, .deepStack: true
        default: false
        }
    }

    /// The query parameters that the resource accepts.
    var parameters: Set<String> {
        switch self {
        case .detect: ResultFilter.parameters.union(["frame"])
        case .deepStack: ResultFilter.parameters.union(["min_confidence"])
        case .result, .overlay: ResultFilter.parameters
        case .status, .picture, .modelList, .ping, .updateAvailable, .version: []
        }
    }
}
