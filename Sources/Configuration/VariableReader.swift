import Names
import UpstreamAccess

/// Reads settings from the environment variables that scripts/run documents.
///
/// If there is no configuration folder, and neither ORIEL_CAMERAS nor ORIEL_DEVICE is set, there is one camera named
/// `main`, whose device is detected automatically.
struct VariableReader {
    /// The variables that are not empty.
    let variables: [String: String]
    /// Whether configuration files were read.
    ///
    /// If so, the files define the cameras, unless ORIEL_CAMERAS or ORIEL_DEVICE is set.
    let hasFiles: Bool

    func read(into reader: inout SectionReader) {
        readServers(into: &reader)
        readCameras(into: &reader)
        checkCredentials(&reader)
        check("ORIEL_PREFIX", &reader) { text, configuration throws(Value.Invalid) in
            guard let prefix = SystemPrefix(text) else { throw Value.Invalid(SystemPrefix.rule) }
            configuration.prefix = prefix
        }
        check("ORIEL_DETECT", &reader) { text, configuration throws(Value.Invalid) in
            configuration.detection.mode = try Value.detectionMode(text)
            for index in configuration.cameras.indices { configuration.cameras[index].detection.mode = nil }
        }
        check("ORIEL_RUNTIME_DIR", &reader) { text, configuration throws(Value.Invalid) in
            configuration.runtimeFolder = try Value.runtimeFolder(text, isRelativeAllowed: true)
        }
        let configuration = reader.configuration
        reader.configuration.stateFolder = variables["ORIEL_STATE_DIR"] ?? configuration.stateFolder
        reader.configuration.detection.model = variables["ORIEL_MODEL"] ?? configuration.detection.model
        reader.configuration.detection.runtimeLibrary =
            variables["ORIEL_ONNXRUNTIME"] ?? configuration.detection.runtimeLibrary
        reader.configuration.detection.folder = variables["ORIEL_DETECTOR"] ?? configuration.detection.folder
        for setting in Setting.allCases where variables[setting.variable] != nil {
            reader.configuration.origins[setting] = .variable(setting.variable)
        }
    }

    private func readServers(into reader: inout SectionReader) {
        let own = reader.ownAddresses
        check("ORIEL_BIND", &reader) { text, configuration throws(Value.Invalid) in
            configuration.web.address = try Value.address(text, own: own)
        }
        check("ORIEL_INGEST_BIND", &reader) { text, configuration throws(Value.Invalid) in
            configuration.ingest.address = try Value.address(text, own: own)
        }
        check("ORIEL_WEB_PORT", &reader) { text, configuration throws(Value.Invalid) in
            configuration.web.port = try Value.port(text)
        }
        check("ORIEL_INGEST_PORT", &reader) { text, configuration throws(Value.Invalid) in
            configuration.ingest.port = try Value.port(text)
        }
        check("ORIEL_CONTROLS", &reader) { text, configuration throws(Value.Invalid) in
            guard text == "1" || text == "0" else {
                throw Value.Invalid("give 1 to let viewers change controls, or 0 to forbid it")
            }
            configuration.hasControls = text == "1"
        }
        check("ORIEL_HOSTS", &reader) { text, configuration throws(Value.Invalid) in
            var hosts: [String] = []
            for host in text.split(whereSeparator: \.isWhitespace) { hosts.append(try Value.hostName(String(host))) }
            configuration.hosts = hosts
        }
    }

    private func readCameras(into reader: inout SectionReader) {
        if let list = variables["ORIEL_CAMERAS"] {
            reader.configuration.cameras = cameras(in: list, &reader)
        } else if let device = variables["ORIEL_DEVICE"] {
            reader.configuration.cameras = []
            add("main", device, .variable("ORIEL_DEVICE"), &reader)
        } else if !hasFiles {
            reader.configuration.cameras = [.init(.main, .device("auto"), origin: .variable("ORIEL_DEVICE"))]
        }
        for (variable, key) in [("ORIEL_SIZE", "size"), ("ORIEL_FPS", "fps")] {
            check(variable, &reader) { text, configuration throws(Value.Invalid) in
                var unused = CameraSettings(.main, .device("auto"), origin: .variable(variable))
                try unused.set(key, to: text)
                for index in configuration.cameras.indices {
                    if case .device = configuration.cameras[index].source {
                        try configuration.cameras[index].set(key, to: text)
                    }
                }
            }
        }
    }

    private func cameras(in list: String, _ reader: inout SectionReader) -> [CameraSettings] {
        let origin = Origin.variable("ORIEL_CAMERAS")
        reader.configuration.cameras = []
        let words = list.split(whereSeparator: \.isWhitespace)
        if words.isEmpty { reader.add(origin, "the variable is blank; write NAME=DEVICE, or unset it") }
        for word in words {
            guard let sign = word.firstIndex(of: "="), word.index(after: sign) < word.endIndex,
                CameraName(word[..<sign]) != nil
            else {
                reader.add(origin, "'\(excerpt(word))' is not NAME=DEVICE; for the name, \(CameraName.rule)")
                continue
            }
            add(word[..<sign], String(word[word.index(after: sign)...]), origin, &reader)
        }
        return reader.configuration.cameras
    }

    private func add(
        _ text: some StringProtocol, _ source: String, _ origin: Origin, _ reader: inout SectionReader
    ) {
        guard let name = CameraName(text) else { return }
        guard !reader.configuration.cameras.contains(where: { $0.name == name }) else {
            reader.add(origin, "camera '\(name)' is listed twice; give each camera its own name")
            return
        }
        var camera = CameraSettings(name, .device("auto"), origin: origin)
        do throws(Value.Invalid) {
            try camera.set(source.contains("://") ? "upstream" : "device", to: source)
            reader.configuration.cameras.append(camera)
        } catch {
            reader.add(origin, "camera '\(name)' has '\(excerpt(source))'; \(error.remedy)")
        }
    }

    /// Checks the credentials, which only the relay uses.
    ///
    /// The relay refuses invalid credentials. Without this check, no camera would then have pictures.
    private func checkCredentials(_ reader: inout SectionReader) {
        let variable = Self.credentialsVariable
        guard let text = variables[variable] else { return }
        do throws(UpstreamError) {
            reader.credentialCameras = try CredentialsList(parsing: text, origin: "the variable").cameras
        } catch {
            let isPath = text.hasPrefix("/") && !text.contains(":")
            let remedy = isPath ? "; to use a file, set \(variable)=$(cat FILE)" : ""
            reader.add(.variable(variable), "\(error)\(remedy)")
        }
    }

    /// The variable with the upstreams' credentials.
    static let credentialsVariable = "ORIEL_UPSTREAM_CREDENTIALS"

    private func check(
        _ variable: String, _ reader: inout SectionReader,
        _ body: (String, inout SystemConfiguration) throws(Value.Invalid) -> Void
    ) {
        guard let text = variables[variable] else { return }
        do throws(Value.Invalid) {
            try body(text, &reader.configuration)
        } catch {
            reader.add(.variable(variable), "the value is '\(excerpt(text))'; \(error.remedy)")
        }
    }
}
