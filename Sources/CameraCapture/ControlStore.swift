import JSON
import Linux
import Logging
import Synchronization
import SystemPackage
import Video4Linux

/// Saves the controls that are set while the program runs, so that they are set again after a restart.
///
/// One file contains the controls of every camera that was attached. The capture thread reads the settings. The control
/// thread changes them and writes the file.
public final class ControlStore: Sendable {
    /// The maximum number of cameras whose controls are saved.
    ///
    /// If there are more, the camera whose controls were changed longest ago loses its saved controls.
    static let cameraLimit = 32
    private static let byteCountLimit = 1 << 20

    private struct Entry {
        var identity: CameraIdentity
        /// The saved values by control name.
        var values: [String: Int64]
    }

    /// The reason why the file could not be written, in one sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct Contents {
        var entries: [Entry] = []
        /// Whether these contents have been written to the file.
        var isSaved = true
    }

    /// The file; nil if the controls are not saved.
    private let path: FilePath?
    private let contents: Mutex<Contents>

    /// Reads the file at `path`.
    ///
    /// If the file is damaged, logs a warning and starts with no saved controls. The file is then overwritten when a
    /// control is set.
    init(_ path: FilePath?, _ log: Logger) {
        self.path = path
        var entries: [Entry] = []
        if let path {
            do throws(SystemError) {
                let bytes = try File.contents(of: path, maximumByteCount: Self.byteCountLimit)
                if let read = Self.entries(in: bytes) {
                    entries = read
                } else {
                    log.warning("\(path) is damaged: the saved controls are lost; set them again")
                }
            } catch {
                if error.errno != .noSuchFileOrDirectory {
                    log.warning("the saved controls cannot be read: \(error)")
                }
            }
        }
        contents = Mutex(Contents(entries: entries))
    }

    /// Returns the controls to set for a camera: its saved controls, and the controls in `base` that are not saved.
    func settings(_ base: [ControlSetting], of identity: CameraIdentity) -> [ControlSetting] {
        let values = contents.withLock { contents in
            Self.index(of: identity, in: contents.entries).map { contents.entries[$0].values } ?? [:]
        }
        return base.filter { values[Control.normalised($0.name)] == nil }
            + values.sorted { $0.key < $1.key }.map { ControlSetting(name: $0.key, value: "\($0.value)") }
    }

    /// Records the controls in `new` as set and those in `old` as reset, and writes the file.
    ///
    /// Call it from only one thread.
    func update(_ identity: CameraIdentity, setting new: [String: Int64], removing old: Set<String>) throws(Failure) {
        let changed: [Entry]? = contents.withLock { contents in
            let index = Self.index(of: identity, in: contents.entries)
            let before = index.map { contents.entries[$0].values } ?? [:]
            let values = before.filter { !old.contains($0.key) }.merging(new) { $1 }
            if values == before && contents.isSaved { return nil }
            if let index { contents.entries.remove(at: index) }
            if !values.isEmpty { contents.entries.append(Entry(identity: identity, values: values)) }
            if contents.entries.count > Self.cameraLimit { contents.entries.removeFirst() }
            contents.isSaved = false
            return contents.entries
        }
        guard let changed else { return }
        guard let path else { throw Failure(description: "there is no state directory; set --state-directory") }
        do throws(SystemError) {
            try Folder.make(path.removingLastComponent(), permissions: 0o750)
            try File.replace(path, with: Array((Self.document(changed).text + "\n").utf8), permissions: 0o640)
            contents.withLock { $0.isSaved = true }
        } catch {
            throw Failure(description: "\(error)")
        }
    }

    private static func index(of identity: CameraIdentity, in entries: [Entry]) -> Int? {
        let ranked = entries.indices.map { (index: $0, likelihood: entries[$0].identity.likelihood(of: identity)) }
        return ranked.filter { $0.likelihood > 0 }.max { $0.likelihood < $1.likelihood }?.index
    }

    // MARK: The file

    private static func document(_ entries: [Entry]) -> JSON {
        let cameras = entries.map { entry in
            let values = entry.values.sorted { $0.key < $1.key }.map { ($0.key, JSON.integer($0.value)) }
            return JSON.object([("camera", entry.identity.json), ("controls", .object(values))])
        }
        return .object([("version", .integer(1)), ("cameras", .array(cameras))])
    }

    /// Parses the file; returns nil if it is invalid.
    private static func entries(in bytes: [UInt8]) -> [Entry]? {
        guard let document = JSON(bytes), document["version"]?.integer == 1, let cameras = document["cameras"]?.array,
            cameras.count <= cameraLimit
        else { return nil }
        var entries: [Entry] = []
        for camera in cameras {
            guard let identity = camera["camera"].flatMap({ CameraIdentity($0) }),
                let controls = camera["controls"]?.object
            else { return nil }
            var values: [String: Int64] = [:]
            for (name, value) in controls {
                guard let number = value.integer else { return nil }
                values[name] = number
            }
            entries.append(Entry(identity: identity, values: values))
        }
        return entries
    }
}
