import Linux

extension Track {
    /// If an object's box still overlaps its anchor (an earlier box) by at least this much, it has stayed in its place.
    private static let standingOverlap = 0.7
    /// If two pictures of a place have at least this likeness, the place has not changed.
    private static let unchangedLikeness: Float = 0.8

    /// Updates the state of a track whose object was seen in the newest look.
    mutating func noteSeen(
        at time: Instant, _ grey: GreyPicture?, _ picture: PictureSize, _ filter: ObjectFilter,
        _ options: TrackerOptions, _ memory: inout PlaceMemory
    ) {
        switch state {
        case .tentative:
            guard hits >= options.confirmingSightings, time - firstSeen >= options.confirmingTime,
                score >= filter.rule(classID).confirmingScore
            else { break }
            state = .active
            isKnown = memory.recognise(box, group: filter.group(classID))
        case .lost: state = .active
        case .active, .stationary: break
        }
        let overlap = compareWithAnchor()
        if isStanding {
            if overlap < Self.standingOverlap && !isUnchanged(grey, picture) { depart(at: time) }
        } else if box.overlap(anchor) < Self.standingOverlap {
            dropAnchor(at: time)
        } else if isConfirmed && (isKnown || time - anchoredAt >= options.stationaryTime) {
            stand(at: time, grey, picture)
        }
    }

    /// Returns whether the place looks as it did when the object became stationary.
    ///
    /// If it does, only the detector's box has moved, not the object.
    private func isUnchanged(_ grey: GreyPicture?, _ picture: PictureSize) -> Bool {
        guard let grey, let patch else { return false }
        return patch.likeness(in: grey, of: picture) >= Self.unchangedLikeness
    }

    private mutating func stand(at time: Instant, _ grey: GreyPicture?, _ picture: PictureSize) {
        state = .stationary
        isStanding = true
        filter.stop()
        dropAnchor(at: time)
        patch = grey.map { Patch(box, of: picture, in: $0) }
    }

    private mutating func depart(at time: Instant) {
        state = .active
        isStanding = false
        isKnown = false
        patch = nil
        departures += 1
        dropAnchor(at: time)
    }
}
