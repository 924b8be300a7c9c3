import Capturing
import Linux
import Logging

/// Watches the folder of a source for changes, if the source has one.
///
/// If the source has no folder, no inotify instance is created, because by default a user can have only 128 instances
/// (see fs.inotify.max_user_instances).
final class FolderWatch {
    /// How often the source is asked to check the folder itself if no inotify instance could be created.
    private static let checkInterval = Duration.seconds(1)

    private let folder: WatchedFolder?
    private let inotify: Inotify?
    /// When ``changedNames()`` must be called next; the far future unless there is a folder but no inotify instance.
    private(set) var nextCheck = Instant.distantFuture
    /// Readable after an entry has changed; nil if there is no inotify instance.
    let descriptor: CInt?

    /// Creates a watch for the folder of `source`; tests pass a `makeInotify` that fails.
    init(
        _ source: any FrameSource, _ logger: Logger,
        makeInotify: () throws(SystemError) -> Inotify = { () throws(SystemError) in try Inotify() }
    ) {
        folder = source.watched
        guard let folder else {
            inotify = nil
            descriptor = nil
            return
        }
        do throws(SystemError) {
            let inotify = try makeInotify()
            descriptor = inotify.descriptor.number
            self.inotify = consume inotify
        } catch {
            inotify = nil
            descriptor = nil
            nextCheck = .now
            logger.warning(
                """
                changes in \(folder.path) are detected up to a second late (\(error)): raise \
                fs.inotify.max_user_instances or stop other programs of this user
                """)
        }
    }

    /// Watches the folder again, because it may have been removed and recreated.
    func renew() {
        guard let folder else { return }
        try? inotify?.watch(folder.path, folder.mask)
    }

    /// Returns the names of the entries that have changed since the last call.
    ///
    /// If there is a folder but no inotify instance, this function returns one empty name once per second, which makes
    /// the source check the folder itself.
    func changedNames() -> Set<String> {
        if let names = inotify?.changedNames() { return names }
        guard folder != nil, Instant.now >= nextCheck else { return [] }
        nextCheck = .now + Self.checkInterval
        return [""]
    }
}
