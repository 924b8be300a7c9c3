public import FastCGI
public import Names

/// What a client may be allowed to do.
public enum Right: String, CaseIterable, Sendable {
    /// Streams, snapshots, results, events and status of a camera.
    case watch
    /// Detection on request, and uploads for it.
    case detect
    /// A camera's controls.
    case control
    case recordings
    case export
    /// Everything that is not about one camera.
    case admin
}

/// What one client may do, and for how long.
public protocol Grant: Sendable {
    /// Whether the client may do that with a camera; `camera` is nil for what concerns none.
    func allows(_ right: Right, for camera: CameraName?) -> Bool

    /// Whether it still holds: looked at four times a second while a connection stays open.
    var isValid: Bool { get }
}

/// Decides what a request's client may do, before the application sees the request.
public protocol AccessControl: Sendable {
    /// Returns nil if the client may do nothing here.
    func grant(for request: Request) -> (any Grant)?
}

/// Everybody who reaches the worker may do everything: the web server in front decides alone.
public struct OpenAccess: AccessControl, Grant {
    public init() {}

    public func grant(for request: Request) -> (any Grant)? { self }

    public func allows(_ right: Right, for camera: CameraName?) -> Bool { true }

    public var isValid: Bool { true }
}
