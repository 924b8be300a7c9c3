public import Linux

/// Turns the sightings of one camera into tracks.
///
/// Looks may come at irregular times. A look may cover the whole picture or only parts of it. An object outside these
/// parts does not count as missed. Looks without sightings must be reported too, because only missed looks end a track.
public struct Tracker: Sendable {
    /// The maximum number of tracks.
    ///
    /// Further objects are ignored, so that a picture full of objects does not slow down the other cameras.
    public static let maximumTrackCount = 128
    /// How long a box is predicted and drawn without a sighting, in seconds.
    ///
    /// In experiments, boxes that were predicted for a longer time ended up on walls.
    static let drawingSeconds = 0.5
    /// If at least this share of a track's box lies inside another track's box, the other object hides this one.
    private static let coveredShare = 0.5

    public let options: TrackerOptions
    public let filter: ObjectFilter

    /// All tracks that have not ended, including unconfirmed ones; the oldest is first.
    public private(set) var tracks: [Track] = []
    /// The tracks that ended in the newest update.
    public private(set) var endedTracks: [Track] = []
    public private(set) var pictureSize: PictureSize

    private var association = Association()
    private var memory = PlaceMemory()
    private var time: Instant?
    private var trackCount = 0

    public init(filter: ObjectFilter, pictureSize: PictureSize, options: TrackerOptions = TrackerOptions()) {
        self.filter = filter
        self.pictureSize = pictureSize
        self.options = options
    }

    /// Updates the tracks with the result of a look.
    ///
    /// - Parameters:
    ///   - time: When the frame was captured. If this is earlier than at the previous look, the tracker assumes that no
    ///     time has passed.
    ///   - sightings: What was seen, in any order.
    ///   - regions: The parts of the picture at which the detector looked.
    ///   - grey: The small picture of the same frame, if there is one. It shows whether a place has changed.
    public mutating func update(
        at time: Instant, sightings: [Sighting], regions: [Box], grey: GreyPicture? = nil
    ) {
        endedTracks.removeAll(keepingCapacity: true)
        let step = self.time.map { max(0, (time - $0).inSeconds) } ?? 0
        self.time = max(time, self.time ?? time)
        for index in tracks.indices { predict(&tracks[index], seconds: step, at: time) }
        association.pair(sightings, with: &tracks, step: step, filter: filter, picture: pictureSize, at: time)
        for sighting in association.unpaired { begin(sighting, at: time) }
        memory.forget(before: time)
        for index in tracks.indices {
            if tracks[index].isSeen {
                tracks[index].noteSeen(at: time, grey, pictureSize, filter, options, &memory)
            } else {
                noteUnseen(index, seconds: step, regions: regions, at: time)
            }
        }
        endTracks(at: time)
    }

    /// Ends all tracks, because there will be no more looks.
    public mutating func endAll(reason: Track.EndReason) {
        endedTracks = tracks
        for index in endedTracks.indices { endedTracks[index].endReason = reason }
        tracks.removeAll()
        memory = PlaceMemory()
        time = nil
    }

    /// Converts all tracks to another picture size; the camera's view is assumed to be the same.
    public mutating func resize(to size: PictureSize) {
        guard size != pictureSize else { return }
        let x = Double(size.width) / Double(pictureSize.width)
        let y = Double(size.height) / Double(pictureSize.height)
        for index in tracks.indices {
            tracks[index].filter.scale(x: x, y: y)
            tracks[index].anchor = tracks[index].anchor.scaled(from: pictureSize, to: size)
            tracks[index].sighting.box = tracks[index].sighting.box.scaled(from: pictureSize, to: size)
            tracks[index].patch = nil
        }
        memory.resize(from: pictureSize, to: size)
        pictureSize = size
    }

    /// Predicts a track's box at the time of the look.
    ///
    /// A long time without looks is divided into steps, so that the box does not move far away.
    private func predict(_ track: inout Track, seconds: Double, at time: Instant) {
        track.isSeen = false
        track.filterTime = max(time, track.filterTime)
        guard !track.isStanding else { return track.filter.predictStanding(seconds: seconds) }
        // An object that another one hides keeps its speed.
        let unseen = max(0, (time - track.lastSeen).inSeconds - track.coveredSeconds)
        var left = seconds
        while left > 0 {
            let part = left > 10 ? left - 10 : min(left, 0.5)
            left -= part
            track.filter.predict(seconds: part, unseen: unseen - left)
        }
    }

    private mutating func begin(_ sighting: Sighting, at time: Instant) {
        guard tracks.count < Self.maximumTrackCount, sighting.score >= filter.rule(sighting.classID).confirmingScore
        else {
            return
        }
        let isCovered = tracks.contains {
            // The detector drops a box that overlaps a better one by more than 0.45 if both have the same class, and by
            // more than 0.8 if their classes differ.
            let limit = filter.group($0.sighting.classID) == filter.group(sighting.classID) ? 0.6 : 0.8
            return $0.isSeen && $0.box.overlap(sighting.box) > limit
        }
        guard !isCovered else { return }
        trackCount += 1
        tracks.append(Track(number: trackCount, sighting: sighting, at: time))
    }

    private mutating func noteUnseen(_ index: Int, seconds: Double, regions: [Box], at time: Instant) {
        let track = tracks[index]
        let visible = track.box.intersection(pictureSize.bounds)
        let wasLookedAt = visible.isEmpty || regions.contains { visible.share(inside: $0) >= 0.5 }
        if wasLookedAt {
            let isCovered =
                track.isConfirmed && track.coveredSeconds < options.coveredPatience.inSeconds
                && tracks.contains {
                    $0.isSeen && $0.isConfirmed && track.box.share(inside: $0.box) >= Self.coveredShare
                }
            if isCovered {
                tracks[index].coveredSeconds += seconds
            } else {
                // A pause of more than one second counts as one second, because the detector did not look for the
                // object during the pause.
                tracks[index].unseenSeconds += min(seconds, 1)
                tracks[index].missedLooks += 1
            }
        }
        if track.state == .active, (time - track.lastSeen).inSeconds > Self.drawingSeconds {
            tracks[index].state = .lost
        }
    }

    private mutating func endTracks(at time: Instant) {
        for index in tracks.indices.reversed() {
            let track = tracks[index]
            guard !track.isSeen, isOver(track) || hasLeft(track, at: time) else { continue }
            tracks.remove(at: index)
            if track.isStanding {
                memory.remember(
                    track.anchor, group: filter.group(track.classID), until: time + options.rememberedTime)
            }
            endedTracks.append(track)
            endedTracks[endedTracks.count - 1].endReason = reason(track)
        }
    }

    /// Whether a moving object has been outside the picture for so long that the next look ends its track.
    func hasLeft(_ track: Track, at time: Instant) -> Bool {
        track.isConfirmed && !track.isStanding && track.box.intersection(pictureSize.bounds).isEmpty
            && time - track.lastSeen > options.lostPatience
    }

    private func isOver(_ track: Track) -> Bool {
        if !track.isConfirmed { return track.unseenSeconds > options.tentativePatience.inSeconds }
        return track.isStanding
            ? track.missedLooks >= options.stationaryLooks
                && track.unseenSeconds > options.stationaryPatience.inSeconds
            : track.missedLooks >= options.lostLooks && track.unseenSeconds > options.lostPatience.inSeconds
    }

    private func reason(_ track: Track) -> Track.EndReason {
        guard track.isConfirmed else { return .unconfirmed }
        return track.sighting.box.touchesEdge(of: pictureSize) ? .left : .lost
    }
}
