import Detection
import Linux

/// The state of the files at an attempt to load the detector.
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

    /// Whether the model has changed; a missing file does not count, so that a running detector is kept.
    func hasOtherModel(than last: LoadingAttempt) -> Bool {
        modelSources != last.modelSources && !modelSources.contains(nil)
    }

    /// Whether a retry may succeed: the files have changed, or enough time has passed for the cause to have gone.
    func isPromising(after last: LoadingAttempt) -> Bool {
        sources != last.sources || time >= last.time + Limit.unchangedRetryInterval
    }

    /// Whether the library in use, or a place searched before it, now has another file.
    func hasOtherRuntime(than last: LoadingAttempt, inUse path: String) -> Bool {
        guard let index = runtimeSources.firstIndex(where: { $0.path == path }) else { return false }
        return runtimeSources[...index].contains { source in
            source.status != nil && source.status != last.runtimeSources.first { $0.path == source.path }?.status
        }
    }
}
