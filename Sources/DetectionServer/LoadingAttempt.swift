import Detection
import Linux

/// What there was to load when loading was tried.
struct LoadingAttempt {
    let sources: [FileStatus?]
    let modelSources: [FileStatus?]
    var runtimeSources: [(path: String, status: FileStatus?)]
    var time = Instant.now

    init(_ configuration: DetectorConfiguration) {
        sources = configuration.sources
        modelSources = configuration.modelSources
        runtimeSources = configuration.runtimeSources
    }

    /// Whether there is another model, and whole: what runs is not given up for a file that is gone.
    func hasOtherModel(than last: LoadingAttempt) -> Bool {
        modelSources != last.modelSources && !modelSources.contains(nil)
    }

    /// Whether it may end otherwise than the one before: with other files, or after a time that may have mended
    /// what was wrong with the machine.
    func isPromising(after last: LoadingAttempt) -> Bool {
        sources != last.sources || time >= last.time + Limit.hopelessTime
    }

    /// Whether there is another library where the one at `path` was found, or where it would be found before it.
    func hasOtherRuntime(than last: LoadingAttempt, inUse path: String) -> Bool {
        guard let index = runtimeSources.firstIndex(where: { $0.path == path }) else { return false }
        return runtimeSources[...index].contains { source in
            source.status != nil && source.status != last.runtimeSources.first { $0.path == source.path }?.status
        }
    }
}
