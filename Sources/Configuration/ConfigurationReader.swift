/// Reads a system's configuration from files and environment variables, and finds all mistakes in them at once.
public struct ConfigurationReader {
    private var reader: SectionReader
    private var fileMistakes: [Mistake] = []
    private var mainFile: String?

    /// - Parameter ownAddresses: The machine's addresses, which servers may listen on; empty if they are not known.
    public init(ownAddresses: [String]) { reader = SectionReader(ownAddresses: ownAddresses) }

    /// Takes oriel.conf and the files of cameras.d/, in this order.
    public mutating func read(_ files: [ConfigurationFile]) {
        var parser = SectionParser()
        for file in files { parser.parse(file) }
        mainFile = files.first?.name
        reader.read(parser.sections)
        // Each file's mistakes in the order of its lines, whoever found them.
        let order = Dictionary(files.enumerated().map { ($1.name, $0) }) { first, _ in first }
        func rank(_ index: Int, _ mistake: Mistake) -> (Int, Int, Int) {
            guard case .file(let name, let line) = mistake.origin else { return (.max, 0, index) }
            return (order[name] ?? .max, line, index)
        }
        fileMistakes = (parser.mistakes + reader.mistakes).enumerated()
            .sorted { rank($0.offset, $0.element) < rank($1.offset, $1.element) }.map(\.element)
        reader.mistakes = []
    }

    /// Takes the variables of scripts/run.
    ///
    /// What they set takes precedence over files. An empty one counts as unset.
    public mutating func read(_ variables: [String: String]) {
        VariableReader(variables: variables.filter { !$0.value.isEmpty }, hasFiles: mainFile != nil).read(into: &reader)
    }

    /// The configuration, or all its mistakes.
    public func result() throws(InvalidConfiguration) -> SystemConfiguration {
        var final = reader
        let (web, ingest) = (final.configuration.web, final.configuration.ingest)
        if web.port == ingest.port {
            let origins = [final.webOrigin, final.ingestOrigin].compactMap(\.self)
            let both = origins.count == 2 ? "\(origins[0]) and \(origins[1])" : "the page and the ingest server"
            if let last = origins.last {
                final.add(last, "\(both) use the same port, \(web.port); give one of them another")
            }
        }
        if final.configuration.cameras.isEmpty, fileMistakes.isEmpty, let mainFile {
            final.add(.file(mainFile, line: 0), "there is no camera; add a section [camera main] with device = auto")
        }
        let mistakes = fileMistakes + final.mistakes
        guard mistakes.isEmpty else { throw InvalidConfiguration(mistakes) }
        return final.configuration
    }
}
