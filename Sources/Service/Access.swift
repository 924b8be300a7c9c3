public import FastCGI
public import Names

/// A right a client may have.
public enum Right: String, CaseIterable, Sendable {
    /// Streams, snapshots, detection results, events and status of a camera.
    case watch
    /// Detection on request, and uploads for it.
    case detect
    /// Changing a camera's controls.
    case control
    case recordings
    case export
    /// Everything that does not concern a single camera.
    case admin
}

/// The rights of one client.
public protocol Grant: Sendable {
    /// Whether the client has `right`; `camera` is nil if no single camera is concerned.
    func allows(_ right: Right, for camera: CameraName?) -> Bool

    /// Whether the grant is still valid; checked four times a second while a connection is open.
    var isValid: Bool { get }
}

/// Determines the rights of a request's client, before the application sees the request.
public protocol AccessControl: Sendable {
    /// Returns nil if the client has no rights.
    func grant(for request: Request) -> (any Grant)?
}

/// Grants every right to everyone; the web server alone decides who reaches the worker.
public struct OpenAccess: AccessControl, Grant {
    public init() {}

    public func grant(for request: Request) -> (any Grant)? { self }

    public func allows(_ right: Right, for camera: CameraName?) -> Bool { true }

    public var isValid: Bool { true }
}
