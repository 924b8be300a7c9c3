import SharedFrame

/// The resource that a request path names.
enum DetectionRoute: Equatable {
    /// Detection in a camera's frame, or in the picture in the body.
    case detect(camera: String?)
    /// Detection for DeepStack clients: the picture is in a form.
    case deepStack
    case status
    /// A result as JSON, its picture, or the picture with boxes.
    case result(String)
    case picture(String)
    case overlay(String)

    /// Returns nil if there is no such path.
    init?(path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        switch (parts.first, parts.count) {
        case ("detect_once", 1): self = .detect(camera: nil)
        case ("detect_once", 2): self = .detect(camera: parts[1])
        case ("v1", 3) where parts[1] == "vision" && parts[2] == "detection": self = .deepStack
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

    /// Whether it takes POST; the others take GET and HEAD.
    var isPost: Bool {
        switch self {
        case .detect, .deepStack: true
        default: false
        }
    }

    /// The query parameters it takes.
    var parameters: Set<String> {
        switch self {
        case .detect: ResultFilter.parameters.union(["frame"])
        case .deepStack, .result, .overlay: ResultFilter.parameters
        case .status, .picture: []
        }
    }
}
