import Detection
import Linux

/// The status of the detector's files when an attempt to load the detector was made.
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

    /// Returns whether the model has changed since the last attempt.
    ///
    /// Returns false if a file is missing, so that a working detector stays in use.
    func hasOtherModel(than last: LoadingAttempt) -> Bool {
        modelSources != last.modelSources && !modelSources.contains(nil)
    }

    /// Returns whether another attempt may succeed after the last one has failed.
    ///
    /// Another attempt may succeed if the files have changed. After a minute, it may succeed even if the files have not
    /// changed, because the failure may have had another cause that no longer exists.
    func isPromising(after last: LoadingAttempt) -> Bool {
        sources != last.sources || time >= last.time + Limit.unchangedRetryInterval
    }

    /// Returns whether there is a new file at the path of the library in use, or at a path that is searched before it.
    func hasOtherRuntime(than last: LoadingAttempt, inUse path: String) -> Bool {
        guard let index = runtimeSources.firstIndex(where: { $0.path == path }) else { return false }
        return runtimeSources[...index].contains { source in
            source.status != nil && source.status != last.runtimeSources.first { $0.path == source.path }?.status
        }
    }
}
