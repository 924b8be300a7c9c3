import Linux

/// Remembers where objects stood a short time ago.
///
/// Without this memory, a parked car would be reported as new whenever the detector has missed it for a while.
struct PlaceMemory: Sendable {
    /// The maximum number of places; the oldest place is forgotten first.
    private static let maximumCount = 32
    /// The minimum overlap between an object's box and a remembered box at which they count as the same object.
    private static let knownOverlap = 0.5

    private var places: [(box: Box, group: Int, until: Instant)] = []

    mutating func remember(_ box: Box, group: Int, until time: Instant) {
        if places.count == Self.maximumCount { places.removeFirst() }
        places.append((box, group, time))
    }

    mutating func forget(before time: Instant) { places.removeAll { $0.until < time } }

    /// Returns whether the memory has an object of this group in about the same place; if so, forgets that place.
    mutating func recognise(_ box: Box, group: Int) -> Bool {
        let known = places.firstIndex { $0.group == group && $0.box.overlap(box) >= Self.knownOverlap }
        if let known { places.remove(at: known) }
        return known != nil
    }

    mutating func resize(from old: PictureSize, to new: PictureSize) {
        for index in places.indices { places[index].box = places[index].box.scaled(from: old, to: new) }
    }
}
