/// Reads a system's configuration from files and environment variables, and collects all mistakes in them.
public struct ConfigurationReader {
    private var reader: SectionReader
    private var fileMistakes: [Mistake] = []
    /// The name of oriel.conf in messages; nil if no files were read.
    private var mainFile: String?

    /// - Parameter ownAddresses: The IP addresses of this machine; empty if they are unknown.
    public init(ownAddresses: [String]) { reader = SectionReader(ownAddresses: ownAddresses) }

    /// Reads files, which must be oriel.conf followed by the files in cameras.d/.
    public mutating func read(_ files: [ConfigurationFile]) {
        var parser = SectionParser()
        for file in files { parser.parse(file) }
        mainFile = files.first?.name
        reader.read(parser.sections)
        // Combine the mistakes that the parser and the reader have found, in the order of files and lines.
        let order = Dictionary(files.enumerated().map { ($1.name, $0) }) { first, _ in first }
        func rank(_ index: Int, _ mistake: Mistake) -> (Int, Int, Int) {
            guard case .file(let name, let line) = mistake.origin else { return (.max, 0, index) }
            return (order[name] ?? .max, line, index)
        }
        fileMistakes = (parser.mistakes + reader.mistakes).enumerated()
            .sorted { rank($0.offset, $0.element) < rank($1.offset, $1.element) }.map(\.element)
        reader.mistakes = []
    }

    /// Reads the environment variables that scripts/run documents.
    ///
    /// Call it after the files have been read. Variables take precedence over files. An empty variable counts as unset.
    public mutating func read(_ variables: [String: String]) {
        VariableReader(variables: variables.filter { !$0.value.isEmpty }, hasFiles: mainFile != nil).read(into: &reader)
    }

    /// Returns the configuration; throws all mistakes if there are any.
    public func result() throws(InvalidConfiguration) -> SystemConfiguration {
        var final = reader
        let (web, ingest) = (final.configuration.web, final.configuration.ingest)
        if web.port == ingest.port {
            let origins = [final.webOrigin, final.ingestOrigin].compactMap(\.self)
            if let last = origins.last {
                let page = origins.count == 2 ? "the page (\(origins[0]))" : "the page"
                final.add(last, "\(page) and the ingest server use the same port, \(web.port); change one of them")
            }
        }
        if final.configuration.cameras.isEmpty, fileMistakes.isEmpty, let mainFile {
            final.add(
                .file(mainFile, line: 0), "no camera is configured; add a section [camera main] with device = auto")
        }
        let mistakes = fileMistakes + final.mistakes
        guard mistakes.isEmpty else { throw InvalidConfiguration(mistakes) }
        return final.configuration
    }
}
