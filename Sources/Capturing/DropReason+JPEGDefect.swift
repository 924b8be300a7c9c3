public import MotionJPEG
public import SharedFrame

extension DropReason {
    /// The reason under which a ring counts a picture with this defect.
    public init(_ defect: JPEGDefect) {
        self =
            switch defect {
            case .empty: .empty
            case .noStart: .noStart
            case .noFrameHeader: .noFrameHeader
            case .noScan: .noScan
            case .truncated: .truncated
            }
    }
}
