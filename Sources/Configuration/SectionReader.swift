import Names

/// Builds a configuration from the sections of files, and records every mistake.
struct SectionReader {
    /// The keys that each kind of section may contain.
    ///
    /// Some sections may also contain keys that begin with one of ``prefixes``.
    static let keys: [String: [String]] = [
        "web": ["listen", "hosts", "controls"],
        "ingest": ["listen"],
        "detection": ["enabled", "mode", "fps", "threads", "classes", "model", "onnxruntime", "folder"],
        "system": ["prefix", "runtime-folder", "state-folder"],
        "camera": [
            "device", "upstream", "size", "fps", "format", "quality", "rotate", "flip", "warmup", "timeout", "detect",
            "detect-fps", "detect-classes",
        ],
    ]
    /// The beginnings of further keys, which contain a name.
    static let prefixes: [String: [String]] = [
        "detection": DetectionSection.generalPrefixes, "camera": DetectionSection.cameraPrefixes + ["control."],
    ]

    var configuration = SystemConfiguration()
    var mistakes: [Mistake] = []
    /// The cameras that have their own credentials.
    var credentialCameras: [CameraName] = []
    let ownAddresses: [String]

    init(ownAddresses: [String]) { self.ownAddresses = ownAddresses }

    mutating func read(_ sections: [Section]) {
        var seen: [String: Origin] = [:]
        for section in sections {
            guard !section.kind.isEmpty else { continue }
            guard let keys = Self.keys[section.kind] else {
                let remedy = Suggestion.remedy(for: section.kind, among: Self.keys.keys.sorted())
                add(section.origin, "unknown section [\(excerpt(section.kind))]; \(remedy)")
                continue
            }
            if let first = seen[section.title] {
                let rename = section.kind == "camera" ? ", or rename one camera" : ""
                add(
                    section.origin,
                    "\(excerpt(section.title)) is already defined at \(first); merge the two sections\(rename)")
                continue
            }
            seen[section.title] = section.origin
            if section.kind == "camera" {
                readCamera(section, keys)
            } else {
                if !section.name.isEmpty {
                    add(section.origin, "[\(section.kind)] must not have a name; write [\(section.kind)]")
                }
                var detection = DetectionSection()
                for entry in entries(of: section, keys) { apply(entry, in: section.kind, &detection) }
                if section.kind == "detection" { configuration.detection.limits = detection.limits }
            }
        }
    }

    /// Returns the settings of a section, without unknown settings and without repetitions of a setting.
    private mutating func entries(of section: Section, _ keys: [String]) -> [Section.Entry] {
        var first: [String: Origin] = [:]
        return section.entries.filter { entry in
            let hasName = Self.prefixes[section.kind]?.contains { entry.key.hasPrefix($0) } ?? false
            guard keys.contains(entry.key) || hasName else {
                let isArea = DetectionSection.contains(entry.key)
                let remedy =
                    isArea
                    ? "put it into the section of a camera, [camera NAME]"
                    : Suggestion.remedy(for: entry.key, among: keys)
                add(entry.origin, "unknown setting '\(excerpt(entry.key))' in [\(section.kind)]; \(remedy)")
                return false
            }
            if let other = first[entry.key] {
                add(entry.origin, "'\(excerpt(entry.key))' is already set at \(other); remove one of the two lines")
                return false
            }
            first[entry.key] = entry.origin
            return true
        }
    }

    private mutating func apply(_ entry: Section.Entry, in kind: String, _ detection: inout DetectionSection) {
        var changed = detection
        check(entry) { (reader: inout SectionReader) throws(Value.Invalid) in
            let value = entry.value
            switch (kind, entry.key) {
            case ("web", "listen"):
                reader.configuration.web = try Value.endpoint(value, own: reader.ownAddresses, port: 8000)
            case ("web", "hosts"):
                var hosts: [String] = []
                for host in value.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
                    hosts.append(try Value.hostName(String(host)))
                }
                reader.configuration.hosts = hosts
            case ("web", "controls"): reader.configuration.hasControls = try Value.isOn(value)
            case ("ingest", "listen"):
                reader.configuration.ingest = try Value.endpoint(value, own: reader.ownAddresses, port: 9001)
            case ("detection", "enabled"): reader.configuration.detection.isEnabled = try Value.isOn(value)
            case ("detection", "mode"): reader.configuration.detection.mode = try Value.detectionMode(value)
            case ("detection", "fps"):
                reader.configuration.detection.framesPerSecond = try Value.detectionRate(value)
            case ("detection", "threads"): reader.configuration.detection.threads = try Value.whole(value, 1...64)
            case ("detection", "classes"): reader.configuration.detection.classes = try Value.classes(value)
            case ("detection", "model"): reader.configuration.detection.model = try Value.path(value)
            case ("detection", "onnxruntime"): reader.configuration.detection.runtimeLibrary = try Value.path(value)
            case ("detection", "folder"): reader.configuration.detection.folder = try Value.path(value)
            case ("system", "prefix"):
                guard let prefix = SystemPrefix(value) else { throw Value.Invalid(SystemPrefix.rule) }
                reader.configuration.prefix = prefix
            case ("system", "runtime-folder"): reader.configuration.runtimeFolder = try Value.runtimeFolder(value)
            case ("system", "state-folder"): reader.configuration.stateFolder = try Value.path(value)
            default: try changed.set(entry)
            }
            if let setting = Setting(section: kind, key: entry.key) {
                reader.configuration.origins[setting] = entry.origin
            }
        }
        detection = changed
    }

    private mutating func readCamera(_ section: Section, _ keys: [String]) {
        let entries = entries(of: section, keys)
        guard let name = CameraName(section.name) else {
            let title =
                section.name.isEmpty
                ? "the camera has no name" : "'\(excerpt(section.name))' is not a valid camera name"
            add(section.origin, "\(title); \(section.name.isEmpty ? "write [camera NAME]" : CameraName.rule)")
            return
        }
        let device = entries.first { $0.key == "device" }
        let upstream = entries.first { $0.key == "upstream" }
        let source = upstream.map { CameraSettings.Source.upstream($0.value) } ?? .device("auto")
        var camera = CameraSettings(name, source, origin: section.origin)
        camera.sourceOrigin = (upstream ?? device)?.origin ?? section.origin
        if let device, let upstream {
            add(
                upstream.origin,
                """
                camera '\(name)' has both a device (\(device.origin)) and an upstream; remove the device or the upstream
                """)
        } else if device == nil, upstream == nil {
            // If a key or a line was rejected, it may be a misspelt `device`. That mistake has already been reported.
            if section.entries.count == entries.count, !section.hasBadLine {
                add(section.origin, "camera '\(name)' has no source; add device = auto, or upstream = http://…")
            }
        }
        var detection = DetectionSection()
        for entry in entries {
            if DetectionSection.contains(entry.key) {
                var changed = detection
                check(entry) { (_: inout SectionReader) throws(Value.Invalid) in try changed.set(entry) }
                detection = changed
            } else {
                apply(entry, to: &camera)
            }
        }
        mistakes += detection.finish(&camera.detection)
        if case .upstream = camera.source {
            let isAllowed = { (key: String) in key.hasPrefix("detect") || DetectionSection.contains(key) }
            for entry in entries where !["upstream", "device"].contains(entry.key) && !isAllowed(entry.key) {
                add(
                    entry.origin,
                    "'\(excerpt(entry.key))' has no effect on a camera with an upstream; set it on the camera's host")
            }
        }
        configuration.cameras.append(camera)
    }

    private mutating func apply(_ entry: Section.Entry, to camera: inout CameraSettings) {
        var changed = camera
        check(entry) { (_: inout SectionReader) throws(Value.Invalid) in
            try changed.set(entry.key, to: entry.value)
        }
        camera = changed
    }

    private mutating func check(
        _ entry: Section.Entry, _ body: (inout SectionReader) throws(Value.Invalid) -> Void
    ) {
        do throws(Value.Invalid) {
            try body(&self)
        } catch {
            add(entry.origin, "'\(excerpt(entry.key))' is '\(excerpt(entry.value))'; \(error.remedy)")
        }
    }

    mutating func add(_ origin: Origin, _ sentence: String) { mistakes.append(Mistake(origin, sentence)) }
}

extension CameraSettings {
    /// Applies a setting of a [camera] section.
    mutating func set(_ key: String, to value: String) throws(Value.Invalid) {
        switch key {
        case "device": source = .device(try Value.device(value))
        case "upstream": source = .upstream(try Value.upstream(value))
        case "size": size = try Value.size(value)
        case "fps": framesPerSecond = try Value.number(value, 0.1...240, "a number")
        case "format": format = try Value.format(value)
        case "quality": quality = try Value.whole(value, 1...100)
        case "rotate": rotation = Int(try Value.word(value, ["0", "90", "180", "270"]))
        case "flip": flip = try Value.word(value, ["none", "horizontal", "vertical", "both"])
        case "warmup": warmUp = try Value.whole(value, 0...1000)
        case "timeout": timeout = try Value.number(value, 0.5...3600, "seconds")
        case "detect": detection.mode = try Value.detectionMode(value)
        case "detect-fps": detection.framesPerSecond = try Value.detectionRate(value)
        case "detect-classes": detection.classes = try Value.classes(value)
        default:
            let name = key.dropFirst("control.".count)
            guard !name.isEmpty, !value.isEmpty, !name.contains("=") else {
                throw Value.Invalid("write control.NAME = VALUE, such as control.brightness = 128")
            }
            controls.append("\(name)=\(value)")
        }
    }
}
