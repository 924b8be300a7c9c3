/// Reads a system's configuration from files and environment variables, and collects all mistakes in them.
public struct ConfigurationReader {
    private var reader: SectionReader
    private var fileMistakes: [Mistake] = []
    /// The name of oriel.conf in messages; nil if no files were read.
    private var mainFile: String?
    /// The position of each file.
    private var order: [String: Int] = [:]

    /// - Parameter ownAddresses: The IP addresses of this machine; empty if they are unknown.
    public init(ownAddresses: [String]) { reader = SectionReader(ownAddresses: ownAddresses) }

    /// Reads files, which must be oriel.conf followed by the files in cameras.d/.
    public mutating func read(_ files: [ConfigurationFile]) {
        var parser = SectionParser()
        for file in files { parser.parse(file) }
        mainFile = files.first?.name
        reader.read(parser.sections)
        order = Dictionary(files.enumerated().map { ($1.name, $0) }) { first, _ in first }
        fileMistakes = parser.mistakes + reader.mistakes
        reader.mistakes = []
    }

    /// Reads the environment variables that scripts/run documents.
    ///
    /// Call it after the files have been read. Variables take precedence over files. An empty variable counts as unset.
    public mutating func read(_ variables: [String: String]) {
        VariableReader(variables: variables.filter { !$0.value.isEmpty }, hasFiles: mainFile != nil).read(into: &reader)
    }

    /// Returns the configuration; throws all mistakes if there are any.
    ///
    /// The closure `more` finds more mistakes, for example by looking at devices. It is called even if there are other
    /// mistakes. It then gets a configuration without the settings that are wrong.
    public func result(
        adding more: (SystemConfiguration) -> [Mistake] = { _ in [] }
    ) throws(InvalidConfiguration) -> SystemConfiguration {
        var final = reader
        let configuration = final.configuration
        if configuration.web.port == configuration.ingest.port {
            let origins = [configuration.origins[.web], configuration.origins[.ingest]].compactMap(\.self)
            if let last = origins.last {
                let page = origins.count == 2 ? "the page (\(origins[0]))" : "the page"
                let port = configuration.web.port
                final.add(last, "\(page) and the ingest server use the same port, \(port); change one of them")
            }
        }
        addSharedDevices(to: &final)
        final.mistakes += configuration.detectionMistakes
        if configuration.cameras.isEmpty, fileMistakes.isEmpty, let mainFile {
            final.add(
                .file(mainFile, line: 0), "no camera is configured; add a section [camera main] with device = auto")
        }
        var mistakes = inOrder(fileMistakes + final.mistakes + more(configuration))
        if mistakes.isEmpty { mistakes = unknownCredentials }
        guard mistakes.isEmpty else { throw InvalidConfiguration(mistakes) }
        return configuration
    }

    /// A mistake for each camera that has credentials but does not exist.
    ///
    /// Report them only if there are no other mistakes, because a camera with a mistake does not exist either.
    private var unknownCredentials: [Mistake] {
        let cameras = Set(reader.configuration.cameras.map(\.name))
        return reader.credentialCameras.filter { !cameras.contains($0) }.map { camera in
            Mistake(
                .variable(VariableReader.credentialsVariable),
                "there are credentials for camera '\(camera)', which does not exist; correct the name")
        }
    }

    /// Adds a mistake for each camera whose device is the device of another camera.
    private func addSharedDevices(to final: inout SectionReader) {
        var first: [String: CameraSettings] = [:]
        for camera in final.configuration.cameras {
            guard let device = camera.devicePath else { continue }
            guard let other = first[device] else {
                first[device] = camera
                continue
            }
            final.add(
                camera.sourceOrigin,
                "camera '\(camera.name)' has the same device as camera '\(other.name)' (\(other.sourceOrigin)), "
                    + "\(excerpt(device)); give each camera its own device")
        }
    }

    /// Returns mistakes in the order of files and lines, followed by those that are in no file.
    private func inOrder(_ mistakes: [Mistake]) -> [Mistake] {
        func rank(_ index: Int, _ mistake: Mistake) -> (Int, Int, Int) {
            guard case .file(let name, let line) = mistake.origin else { return (.max, 0, index) }
            return (order[name] ?? .max - 1, line, index)
        }
        return mistakes.enumerated().sorted { rank($0.offset, $0.element) < rank($1.offset, $1.element) }
            .map(\.element)
    }
}

extension CameraSettings {
    /// The device as a path, or `auto`; nil if several cameras may have it, as is the case with folders.
    public var devicePath: String? {
        guard case .device(let device) = source else { return nil }
        if !device.isEmpty, device.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return UInt16(device).map { "/dev/video\($0)" }
        }
        return device == "auto" || device.hasPrefix("/dev/") ? device : nil
    }
}
