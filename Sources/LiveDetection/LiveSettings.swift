public import Configuration
public import JSON
import Linux
public import Logging
public import Names
import Synchronization
public import SystemPackage

/// The settings of live detection for each camera.
///
/// If they come from a configuration folder, its files are read again when they change.
public final class LiveSettings: Sendable {
    /// How often the files are read.
    private static let interval = Duration.seconds(2)

    /// Settings that take precedence over the files.
    public struct Overrides: Sendable {
        public var mode: DetectionMode?
        /// See ``CameraDetection/rate``.
        public var rate: Double?

        public init(mode: DetectionMode? = nil, rate: Double? = nil) {
            self.mode = mode
            self.rate = rate
        }
    }

    private struct State {
        /// The content of the files when they were last read.
        var files: [ConfigurationFile] = []
        /// The newest configuration without mistakes; nil if there has been none.
        var configuration: SystemConfiguration?
        /// What is wrong with the files; empty if nothing is.
        var problem = ""
    }

    private let folder: FilePath?
    private let variables: [String: String]
    private let overrides: Overrides
    private let log: Logger
    private let state = Mutex(State())
    private let isStopping = Atomic(false)
    private let stop = FutexWord()
    private let hasFinished = Atomic(true)

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - folder: The folder with oriel.conf; nil if there is none, so that all cameras have the default settings.
    ///   - variables: The environment variables, which take precedence over the files.
    ///   - overrides: Settings that take precedence over files and variables.
    ///   - log: Where mistakes are reported.
    public init(folder: FilePath?, variables: [String: String] = [:], overrides: Overrides = .init(), log: Logger) {
        self.folder = folder
        self.variables = variables
        self.overrides = overrides
        self.log = log
        if folder == nil { state.withLock { $0.configuration = SystemConfiguration() } }
        readFiles()
    }

    /// Whether the settings can never change, and no camera is analysed.
    var isAlwaysOff: Bool { folder == nil && overrides.mode == .off }

    /// The settings of a camera.
    ///
    /// No camera is analysed until the files have been free of mistakes once, because a mask might be missing.
    public func value(for camera: CameraName) -> CameraDetection {
        guard let configuration = state.withLock({ $0.configuration }) else { return CameraDetection(mode: .off) }
        var settings = configuration.detection(of: camera)
        settings.mode = overrides.mode ?? settings.mode
        settings.rate = overrides.rate ?? settings.rate
        return settings
    }

    /// The folder and what is wrong with its files, for the status document; null if there is no folder.
    public var json: JSON {
        guard let folder else { return .null }
        return .object([("folder", .text(folder.string)), ("problem", .text(state.withLock { $0.problem }))])
    }

    /// Starts the thread that reads the files again; throws if it cannot be started.
    func start() throws(SystemError) {
        guard folder != nil else { return }
        hasFinished.store(false, ordering: .relaxed)
        try Thread("settings") { [self] in
            while !isStopping.load(ordering: .acquiring) {
                let word = stop.value
                if isStopping.load(ordering: .acquiring) { break }
                stop.wait(while: word, until: .now + Self.interval)
                readFiles()
            }
            hasFinished.store(true, ordering: .releasing)
        }.detach()
    }

    /// Asks the thread to stop.
    func requestStop() {
        isStopping.store(true, ordering: .releasing)
        stop.advance()
    }

    var isFinished: Bool { hasFinished.load(ordering: .acquiring) }

    private func readFiles() {
        guard let folder else { return }
        let files = ConfigurationFolder.files(in: folder)
        guard files != state.withLock({ $0.files }) else { return }
        var reader = ConfigurationReader(ownAddresses: [])
        reader.read(files)
        reader.read(variables)
        do throws(InvalidConfiguration) {
            let configuration = try reader.result()
            state.withLock { $0 = State(files: files, configuration: configuration) }
        } catch {
            let first = error.mistakes.first.map { "\($0)" } ?? ""
            let others = error.mistakes.count > 1 ? ", and \(error.mistakes.count - 1) more mistakes" : ""
            let hasOld = state.withLock { state in
                state.files = files
                state.problem = first + others
                return state.configuration != nil
            }
            let consequence =
                hasOld
                ? "the previous settings of live detection remain in use"
                : "live detection is off until it is corrected"
            log.error("the configuration has mistakes, so \(consequence): \(first)\(others)")
        }
    }
}
