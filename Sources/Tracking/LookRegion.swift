/// Chooses regions of a picture for a detector to look at, and maps its sightings back to the whole picture.
public enum LookRegion {
    /// A box this close to an edge of a region, as a share of the region's longer side, is probably cut off there.
    private static let cutMargin = 0.015
    /// The overlap above which sightings in two regions count as one object, as in the detector.
    private static let sameOverlap = 0.45
    /// If more than this share of a box is inside a box of another region, both count as one object.
    private static let partShare = 0.8

    /// Returns a square region around a box.
    ///
    /// - Parameters:
    ///   - box: What to look at.
    ///   - factor: How many times longer a side of the square is than the box's longer side.
    ///   - minimumSide: The minimum side in pixels. A smaller region would only be magnified.
    ///   - picture: The size of the picture.
    /// - Returns: A region inside the picture, or the whole picture if the square does not fit.
    public static func around(_ box: Box, factor: Double, minimumSide: Double, in picture: PictureSize) -> Box {
        let side = max(minimumSide, factor * max(box.width, box.height)).rounded(.up)
        guard side <= Double(min(picture.width, picture.height)) else { return picture.bounds }
        let left = min(max((box.centerX - side / 2).rounded(), 0), Double(picture.width) - side)
        let top = min(max((box.centerY - side / 2).rounded(), 0), Double(picture.height) - side)
        return Box(left: left, top: top, right: left + side, bottom: top + side)
    }

    /// Converts the sightings in a region to positions in the camera's picture.
    ///
    /// A box that touches an edge of the region is dropped, unless this is also an edge of the picture. Such a box
    /// shows only a part of an object, and would count as another object.
    ///
    /// - Parameters:
    ///   - sightings: The sightings, in pixels of the picture that the detector was given.
    ///   - given: The size of that picture, which shows the whole region.
    ///   - region: The region, in pixels of the camera's picture.
    ///   - picture: The size of the camera's picture.
    /// - Returns: The sightings, in pixels of the camera's picture.
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

    /// Combines the mapped sightings of several regions, the best first, so that each object occurs only once.
    public static func merge(_ sightings: [[Sighting]]) -> [Sighting] {
        var candidates: [(sighting: Sighting, region: Int)] = []
        for (region, group) in sightings.enumerated() {
            for sighting in group { candidates.append((sighting, region)) }
        }
        // If scores are equal, the sighting in the first region comes first, so that the result does not depend on the
        // sorting algorithm.
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
