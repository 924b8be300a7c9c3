import Capturing
import Linux
import Logging

/// Watches the folder of a source for changes, if the source has one.
///
/// A source without a folder uses no inotify instance: a user has only 128 of them (fs.inotify.max_user_instances).
final class FolderWatch {
    /// How often the source is told to check for itself if no inotify instance is left.
    private static let checkInterval = Duration.seconds(1)

    private let folder: WatchedFolder?
    private let inotify: Inotify?
    /// When ``changedNames()`` next reports something without a descriptor.
    private(set) var nextCheck = Instant.distantFuture
    /// Readable if something changed; nil if there is nothing to wait for.
    let descriptor: CInt?

    /// `makeInotify` is for tests.
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
                changes in \(folder.path) are noticed late (\(error)): raise fs.inotify.max_user_instances or end \
                other programs of this user
                """)
        }
    }

    /// Watches the folder again, since it may have been removed and recreated.
    func renew() {
        guard let folder else { return }
        try? inotify?.watch(folder.path, folder.mask)
    }

    /// The names of entries that changed since the last call.
    ///
    /// Without an inotify instance: an empty name, once per second, so that the source checks for itself.
    func changedNames() -> Set<String> {
        if let names = inotify?.changedNames() { return names }
        guard folder != nil, Instant.now >= nextCheck else { return [] }
        nextCheck = .now + Self.checkInterval
        return [""]
    }
}
