public import FastCGI
public import Names

/// A right that a client may have.
public enum Right: String, CaseIterable, Sendable {
    /// To fetch the streams, snapshots, detection results, events and status of a camera.
    case watch
    /// To request the detection of objects, and to upload pictures for it.
    case detect
    /// To change a camera's controls.
    case control
    case recordings
    case export
    /// To do anything that does not concern a single camera.
    case admin
}

/// The rights of one client.
public protocol Grant: Sendable {
    /// Returns whether the client has `right` for `camera`, which is nil if the request does not concern a single
    /// camera.
    func allows(_ right: Right, for camera: CameraName?) -> Bool

    /// Whether the grant is still valid. The worker checks this four times a second while a connection is open.
    var isValid: Bool { get }
}

/// Determines a client's rights before the client's request is passed to the application.
public protocol AccessControl: Sendable {
    /// Returns the client's rights, or nil if the client has no rights; its request is then refused.
    func grant(for request: Request) -> (any Grant)?
}

/// Grants all rights to everyone; only the web server then restricts who can reach the worker.
public struct OpenAccess: AccessControl, Grant {
    public init() {}

    public func grant(for request: Request) -> (any Grant)? { self }

    public func allows(_ right: Right, for camera: CameraName?) -> Bool { true }

    public var isValid: Bool { true }
}
