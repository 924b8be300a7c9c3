// swift-tools-version: 6.2
import PackageDescription

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "oriel",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.6.0"),
    ],
    targets: [
        // C libraries, as they are.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
        .systemLibrary(name: "CVideo4Linux", pkgConfig: "libv4lconvert", providers: [.apt(["libv4l-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // The only targets that handle unsafe pointers.
        .target(name: "Linux", dependencies: ["CLinux", system]),
        .target(name: "FastCGI", dependencies: ["CFastCGI", "Linux"]),
        .target(name: "Video4Linux", dependencies: ["CVideo4Linux", "JSON", "Linux", system]),
        .target(name: "TurboJPEG", dependencies: ["CTurboJPEG"]),
        .target(name: "SharedFrame", dependencies: ["Linux", system]),
        .target(
            name: "Upstream", dependencies: ["CCurl", "JSON", "Linux", "MotionJPEG", "SharedFrame", log, system]),

        // Pure Swift.
        .target(name: "JSON"),
        .target(name: "MotionJPEG"),
        .target(name: "Drawing"),

        // What the programs are made of.
        .target(name: "Daemon", dependencies: ["Linux", arguments, log, system]),
        .target(
            name: "Capture",
            dependencies: [
                "Daemon", "Drawing", "JSON", "Linux", "MotionJPEG", "SharedFrame", "TurboJPEG", "Video4Linux", log,
                system,
            ]),
        .target(
            name: "FrameServer",
            dependencies: [
                "Daemon", "Drawing", "FastCGI", "JSON", "Linux", "MotionJPEG", "SharedFrame", "TurboJPEG", log, system,
            ]),

        // Detection: the only part of it that handles unsafe pointers, and the worker around it.
        .target(name: "Detection", dependencies: ["Drawing", "Linux", "MotionJPEG", "TurboJPEG", system]),
        .target(
            name: "DetectionServer",
            dependencies: [
                "Daemon", "Detection", "FastCGI", "FrameServer", "JSON", "Linux", "MotionJPEG", "SharedFrame", log,
                system,
            ]),

        // Programs: parse options, connect the libraries, run.
        .executableTarget(
            name: "capture-daemon",
            dependencies: ["Capture", "Daemon", "Linux", "SharedFrame", "Video4Linux", arguments, log, system]),
        .executableTarget(
            name: "mjpeg-fcgi",
            dependencies: ["Daemon", "FrameServer", "Linux", "SharedFrame", arguments, system]),
        .executableTarget(
            name: "relay-fcgi",
            dependencies: ["Daemon", "FrameServer", "Linux", "SharedFrame", "Upstream", arguments, log, system]),

        .executableTarget(
            name: "detect-fcgi",
            dependencies: [
                "Daemon", "Detection", "DetectionServer", "FrameServer", "JSON", "Linux", "SharedFrame", arguments,
                system,
            ]),

        .target(
            name: "TestSupport", dependencies: ["Linux", "MotionJPEG", "SharedFrame", system],
            path: "Tests/TestSupport"),
        .executableTarget(name: "load-generator", path: "Tests/LoadGenerator"),
        .executableTarget(
            name: "ring-stress", dependencies: ["Linux", "SharedFrame", "TestSupport", arguments, system],
            path: "Tests/RingStress"),
        .testTarget(name: "JSONTests", dependencies: ["JSON"]),
        .executableTarget(
            name: "ring-benchmark", dependencies: ["Linux", "SharedFrame", arguments], path: "Benchmarks/Ring"),
        .testTarget(name: "LinuxTests", dependencies: ["Linux", "TestSupport", system]),
        .testTarget(name: "DaemonTests", dependencies: ["Daemon", "Linux", "TestSupport", arguments, log, system]),
        .testTarget(
            name: "SharedFrameTests",
            dependencies: ["Linux", "SharedFrame", "TestSupport", "ring-stress", system], exclude: ["read_ring.py"]),
        .testTarget(name: "MotionJPEGTests", dependencies: ["MotionJPEG", "TestSupport"]),
        .testTarget(name: "DrawingTests", dependencies: ["Drawing", "TestSupport"]),
        .testTarget(name: "TurboJPEGTests", dependencies: ["Drawing", "MotionJPEG", "TurboJPEG", "TestSupport"]),
        .testTarget(name: "Video4LinuxTests", dependencies: ["Linux", "Video4Linux", "TestSupport", system]),
        .testTarget(
            name: "CaptureTests",
            dependencies: [
                "Capture", "Daemon", "Drawing", "JSON", "Linux", "MotionJPEG", "SharedFrame", "TestSupport",
                "TurboJPEG", "Video4Linux", "capture-daemon", log, system,
            ]),
        .testTarget(name: "FastCGITests", dependencies: ["FastCGI", "Linux", "TestSupport", system]),
        .testTarget(
            name: "FrameServerTests",
            dependencies: [
                "FastCGI", "FrameServer", "Linux", "MotionJPEG", "SharedFrame", "TestSupport", "mjpeg-fcgi", log,
                system,
            ]),
        .testTarget(
            name: "UpstreamTests",
            dependencies: [
                "Linux", "MotionJPEG", "SharedFrame", "TestSupport", "Upstream", "relay-fcgi", log, system,
            ]),
        .testTarget(
            name: "DetectionTests",
            dependencies: ["Detection", "Drawing", "Linux", "MotionJPEG", "TestSupport", "TurboJPEG", system],
            exclude: ["Models", "reference.c", "reference.py"]),
        .testTarget(
            name: "DetectionServerTests",
            dependencies: [
                "Detection", "DetectionServer", "FrameServer", "Linux", "SharedFrame", "TestSupport", "TurboJPEG",
                system,
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Linux", "MotionJPEG", "SharedFrame", "TestSupport", "TurboJPEG", system]),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzers have libFuzzer's entry point instead of one of their own; scripts/fuzz builds them.
if Context.environment["ORIEL_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "Detection", "DetectionServer", "Drawing", "FastCGI", "FrameServer", "JSON", "Linux", "MotionJPEG",
                "SharedFrame", "TurboJPEG", "Upstream", system,
            ],
            path: "Tests/Fuzzing", exclude: ["Corpus"]))
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
