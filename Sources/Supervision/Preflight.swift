public import Configuration
import Glibc
import Linux
import SystemPackage

/// Finds mistakes in a configuration by looking at the machine, without starting or changing anything.
public enum Preflight {
    /// Returns the mistakes because of which `oriel run` would fail.
    public static func mistakes(in configuration: SystemConfiguration) -> [Mistake] {
        configuration.cameras.compactMap(deviceMistake) + [runtimeFolderMistake(configuration)].compactMap(\.self)
    }

    /// Returns what may prevent the system from working, but may also change, or be different for another user.
    public static func warnings(in configuration: SystemConfiguration) -> [Mistake] {
        detectionWarnings(configuration) + portWarnings(configuration) + runtimeFolderWarnings(configuration)
            + sharedDeviceWarnings(configuration)
    }

    // MARK: - Cameras

    /// The major number of all V4L2 devices.
    private static let cameraMajor: UInt64 = 81

    private static func deviceMistake(_ camera: CameraSettings) -> Mistake? {
        guard case .device(let device) = camera.source, device != "auto", device != "pattern",
            !device.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let subject = "the device of camera '\(camera.name)'"
        let status = try? FileStatus(at: FilePath(device))
        switch status?.kind {
        case .folder: return nil
        case .characterDevice:
            guard status?.representedMajor != cameraMajor else { return nil }
            return Mistake(
                camera.sourceOrigin, "\(subject) is not a camera; give auto, a device such as /dev/video0, or a folder")
        case .file, .other:
            return Mistake(camera.sourceOrigin, "\(subject) is a file; give a device or a folder of JPEGs")
        case nil:
            guard !device.hasPrefix("/dev/"), !device.hasSuffix("/") else { return nil }
            return Mistake(
                camera.sourceOrigin, "\(subject) does not exist; give auto, pattern, an index, or a path")
        }
    }

    /// Returns a warning for each device that has two names and is given to two cameras.
    ///
    /// This is not a mistake, because a name may belong to another device tomorrow.
    private static func sharedDeviceWarnings(_ configuration: SystemConfiguration) -> [Mistake] {
        var first: [FilePath: CameraSettings] = [:]
        return configuration.cameras.compactMap { camera in
            guard let device = camera.devicePath, device != "auto" else { return nil }
            let target = File.target(of: FilePath(device))
            guard let other = first[target] else {
                first[target] = camera
                return nil
            }
            return Mistake(
                camera.sourceOrigin,
                "camera '\(camera.name)' has the same device as camera '\(other.name)' (\(other.sourceOrigin)), "
                    + "\(target); give each camera its own device")
        }
    }

    // MARK: - Runtime folder

    private static func runtimeFolderMistake(_ configuration: SystemConfiguration) -> Mistake? {
        guard let text = configuration.runtimeFolder else { return nil }
        let path = File.target(of: FilePath(text))
        func mistake(_ sentence: String) -> Mistake {
            Mistake(configuration.origin(of: .runtimeFolder), "the runtime folder \(text) \(sentence)")
        }
        if path.string.utf8.count > 90 { return mistake("leads to a path of more than 90 bytes; give a shorter path") }
        guard let status = try? FileStatus(at: path) else {
            let (parent, kind) = nearestExisting(above: path)
            guard kind != .folder else { return nil }
            return mistake("cannot be created, because \(parent) is not a folder; give another path")
        }
        guard status.kind == .folder else { return mistake("is not a folder; give another path") }
        let names = Folder.names(in: path)
        if !names.isEmpty, !names.contains(RuntimeFolder.lockName) {
            return mistake(
                "contains files that Oriel has not created; give an empty folder, or one that does not exist")
        }
        return nil
    }

    private static func runtimeFolderWarnings(_ configuration: SystemConfiguration) -> [Mistake] {
        guard let text = configuration.runtimeFolder else { return [] }
        let path = File.target(of: FilePath(text))
        let folder = (try? FileStatus(at: path)) == nil ? nearestExisting(above: path).path : path
        guard !Folder.isWritable(folder) else { return [] }
        return [
            Mistake(
                configuration.origin(of: .runtimeFolder),
                "this user must not create files in \(folder); run Oriel as another user, or give another runtime folder"
            )
        ]
    }

    private static func nearestExisting(above path: FilePath) -> (path: FilePath, kind: FileStatus.Kind?) {
        var folder = path
        repeat {
            folder = folder.removingLastComponent()
            if folder.isEmpty { folder = "." }
            if let status = try? FileStatus(at: folder) { return (folder, status.kind) }
        } while folder != "/" && folder != "."
        return (folder, nil)
    }

    // MARK: - Detection and ports

    /// Returns a warning for each file that is configured but missing.
    ///
    /// The system runs without these files, and uses them once they exist. The folder of ORIEL_DETECTOR is left out,
    /// because scripts/run always sets it.
    private static func detectionWarnings(_ configuration: SystemConfiguration) -> [Mistake] {
        let detection = configuration.detection
        guard detection.isEnabled else { return [] }
        let files: [(Setting, String?)] = [
            (.model, detection.model), (.runtimeLibrary, detection.runtimeLibrary), (.detectorFolder, detection.folder),
        ]
        return files.compactMap { setting, path in
            let origin = configuration.origin(of: setting)
            guard let path, origin != .variable("ORIEL_DETECTOR"), (try? FileStatus(at: FilePath(path))) == nil else {
                return nil
            }
            return Mistake(
                origin, "\(path) does not exist; detection is not available until scripts/get-detector has installed it"
            )
        }
    }

    private static func portWarnings(_ configuration: SystemConfiguration) -> [Mistake] {
        [(Setting.web, configuration.web), (.ingest, configuration.ingest)].compactMap { setting, endpoint in
            guard !Network.mayListen(on: endpoint.reachableAddress, port: endpoint.port) else { return nil }
            return Mistake(configuration.origin(of: setting), forbiddenPort(endpoint.port, setting))
        }
    }

    /// Returns a sentence about a port on which this user must not listen.
    static func forbiddenPort(_ port: Int, _ setting: Setting) -> String {
        "this user must not listen on port \(port): use a higher port, such as \(setting.variable)=\(port + 8000), run "
            + "Oriel as root, or lower the sysctl net.ipv4.ip_unprivileged_port_start"
    }
}
