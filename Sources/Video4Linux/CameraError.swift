import Linux
import SystemPackage

/// The error for a camera that cannot be used.
public struct CameraError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of an error, for callers that do not handle all errors in the same way.
    public enum Reason: Sendable, Equatable, CaseIterable {
        /// The node does not exist, or this machine has no camera.
        case notFound
        /// The node is not a camera.
        case notCamera
        /// Another program streams from the camera.
        case busy
        case noPermission
        /// The camera offers no usable format, or does not offer the requested one.
        case noUsableFormat
        /// The USB bus has no bandwidth for the stream (ENOSPC).
        case noBandwidth
        /// The camera was removed, or no longer responds.
        case lost
        /// The camera has no such control, or the value for the control is invalid.
        case invalidControl
        /// Any other error of the driver.
        case failed
    }

    public let reason: Reason
    /// One sentence for people, which says what is wrong and what to do about it.
    public let description: String

    public init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}

extension CameraError {
    /// Creates the error for a failure of open(2).
    init(opening path: FilePath, _ error: SystemError) {
        switch error.errno {
        case .noSuchFileOrDirectory, .noSuchAddressOrDevice, .operationNotSupportedByDevice:
            self.init(.notFound, "\(path) does not exist: plug the camera in or choose another --device")
        case .permissionDenied, .notPermitted:
            self.init(
                .noPermission,
                "\(path) is not accessible to this user: add the user to the group video (usermod -aG video USER) and "
                    + "log in again")
        case .resourceBusy:
            self.init(busy: path)
        default:
            self.init(.failed, "\(path) cannot be opened: \(error)")
        }
    }

    /// Creates the error for a failed request to an open camera.
    init(_ path: FilePath, _ error: SystemError) {
        switch error.errno {
        case .resourceBusy:
            self.init(busy: path)
        case .noSpace:
            self.init(
                .noBandwidth,
                "\(path) cannot stream: its USB bus has no bandwidth left; choose a smaller --size, a lower --fps "
                    + "or --format mjpeg, or plug the camera into another USB port")
        case .operationNotSupportedByDevice, .ioError, .noSuchAddressOrDevice:
            self.init(lost: path, "\(error.call): \(error.errno)")
        case .permissionDenied, .notPermitted:
            self.init(.noPermission, "\(path) refuses \(error.call): \(error.errno)")
        default:
            self.init(.failed, "\(path) failed: \(error.call): \(error.errno)")
        }
    }

    /// Creates the error for a node from which no frames can be streamed.
    init(notCamera path: FilePath, _ capability: Capability) {
        let reason =
            capability.canOnlyRead
            ? "delivers pictures only through read(2), which is not supported"
            : "delivers no pictures (metadata, output or codec node)"
        self.init(.notCamera, "\(path) \(reason): choose another --device")
    }

    init(busy path: FilePath) {
        self.init(
            .busy,
            "\(path) is busy: another program streams from it; close that program or choose another --device")
    }

    init(lost path: FilePath, _ cause: String) {
        self.init(.lost, "\(path) is gone or no longer responds (\(cause)): check the camera and its cable")
    }
}
