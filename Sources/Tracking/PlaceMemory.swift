import Linux

/// What stood where a short time ago: a parked car that was missed for a while is not news when it is seen again.
struct PlaceMemory: Sendable {
    /// The oldest place is forgotten first.
    private static let maximumCount = 32
    /// An object is the one that stood there if their boxes overlap this much.
    private static let knownOverlap = 0.5

    private var places: [(box: Box, group: Int, until: Instant)] = []

    mutating func remember(_ box: Box, group: Int, until time: Instant) {
        if places.count == Self.maximumCount { places.removeFirst() }
        places.append((box, group, time))
    }

    mutating func forget(before time: Instant) { places.removeAll { $0.until < time } }

    /// Returns whether such an object stood there, and forgets it.
    mutating func recognise(_ box: Box, group: Int) -> Bool {
        let known = places.firstIndex { $0.group == group && $0.box.overlap(box) >= Self.knownOverlap }
        if let known { places.remove(at: known) }
        return known != nil
    }

    mutating func resize(from old: PictureSize, to new: PictureSize) {
        for index in places.indices { places[index].box = places[index].box.scaled(from: old, to: new) }
    }
}
