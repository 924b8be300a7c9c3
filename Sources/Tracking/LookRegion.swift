/// Chooses the part of a picture at which a detector looks, and converts the result to the whole picture.
public enum LookRegion {
    /// How close to an inner edge of the region a box must be to count as cut, as a share of the region's side.
    ///
    /// An inner edge is one that is not an edge of the picture.
    private static let cutMargin = 0.015
    /// Sightings in two regions count as the same object if their boxes overlap by more than this.
    ///
    /// The detector uses the same limit to drop duplicates of the same class.
    private static let sameOverlap = 0.45
    /// If more than this share of a box lies inside another region's box with a higher score, both boxes show the same
    /// object.
    private static let partShare = 0.8

    /// Returns a square region around a box.
    ///
    /// - Parameters:
    ///   - box: The box to look at.
    ///   - factor: The ratio of the side of the square to the longer side of the box.
    ///   - minimumSide: The minimum side of the square in pixels. A smaller square would be enlarged for the detector,
    ///     which adds no detail.
    ///   - picture: The size of the picture.
    /// - Returns: A square inside the picture, or the whole picture if the square does not fit into it.
    public static func around(_ box: Box, factor: Double, minimumSide: Double, in picture: PictureSize) -> Box {
        let side = max(minimumSide, factor * max(box.width, box.height)).rounded(.up)
        guard side <= Double(min(picture.width, picture.height)) else { return picture.bounds }
        let left = min(max((box.centerX - side / 2).rounded(), 0), Double(picture.width) - side)
        let top = min(max((box.centerY - side / 2).rounded(), 0), Double(picture.height) - side)
        return Box(left: left, top: top, right: left + side, bottom: top + side)
    }

    /// Converts the sightings in a region to pixels of the camera's picture.
    ///
    /// Boxes at an inner edge of the region are dropped. They show only a part of an object, and this part would be
    /// tracked as a second object.
    ///
    /// - Parameters:
    ///   - sightings: The sightings, in pixels of the picture that the detector was given.
    ///   - given: The size of that picture, which shows the whole region.
    ///   - region: The region, in pixels of the camera's picture.
    ///   - picture: The size of the camera's picture.
    /// - Returns: The remaining sightings, in pixels of the camera's picture.
    public static func map(
        _ sightings: [Sighting], given: PictureSize, region: Box, in picture: PictureSize
    ) -> [Sighting] {
        let x = region.width / Double(given.width)
        let y = region.height / Double(given.height)
        let margin = cutMargin * max(region.width, region.height)
        return sightings.compactMap { sighting in
            let box = Box(
                left: region.left + sighting.box.left * x, top: region.top + sighting.box.top * y,
                right: region.left + sighting.box.right * x, bottom: region.top + sighting.box.bottom * y)
            let isCut =
                (region.left > 0 && box.left < region.left + margin)
                || (region.top > 0 && box.top < region.top + margin)
                || (region.right < Double(picture.width) && box.right > region.right - margin)
                || (region.bottom < Double(picture.height) && box.bottom > region.bottom - margin)
            return isCut ? nil : Sighting(classID: sighting.classID, score: sighting.score, box: box)
        }
    }

    /// Combines the converted sightings of several regions, so that each object occurs once.
    ///
    /// The sightings with the highest scores come first.
    public static func merge(_ sightings: [[Sighting]]) -> [Sighting] {
        var candidates: [(sighting: Sighting, region: Int)] = []
        for (region, group) in sightings.enumerated() {
            for sighting in group { candidates.append((sighting, region)) }
        }
        // Sightings with equal scores stay in their original order, so that the result does not depend on the algorithm
        // that sorts them.
        let order = candidates.indices.sorted {
            let (left, right) = (candidates[$0].sighting.score, candidates[$1].sighting.score)
            return left == right ? $0 < $1 : left > right
        }
        var kept: [(sighting: Sighting, region: Int)] = []
        for index in order {
            let candidate = candidates[index]
            let isDouble = kept.contains {
                guard $0.region != candidate.region, $0.sighting.classID == candidate.sighting.classID else {
                    return false
                }
                return $0.sighting.box.overlap(candidate.sighting.box) > sameOverlap
                    || candidate.sighting.box.share(inside: $0.sighting.box) > partShare
            }
            if !isDouble { kept.append(candidate) }
        }
        return kept.map(\.sighting)
    }
}
