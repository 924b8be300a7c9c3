public import MotionJPEG
public import SharedFrame

extension DropReason {
    /// Creates the reason under which a ring counts pictures that are dropped because they have this defect.
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
