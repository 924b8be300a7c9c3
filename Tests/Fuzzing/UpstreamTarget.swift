import JSON
import Linux
import MotionJPEG
import SharedFrame
import UpstreamAccess

@testable import Upstream

/// Fuzzes the parsers of an upstream's address and status, and the estimate of the upstream's clock offset.
enum UpstreamTarget {
    static func run(_ input: Input) {
        var input = input
        switch input.byte() % 5 {
        case 0: document(input.bytes)
        case 1: status(input)
        case 2: address(input.text)
        case 3: clock(input)
        default: number(input.text)
        }
    }

    /// Checks that JSON is the same after it is parsed, written and parsed again.
    private static func document(_ bytes: [UInt8]) {
        guard let document = JSON(bytes) else { return }
        let text = document.text
        guard let again = JSON(Array(text.utf8)) else { fatalError("written JSON cannot be parsed: \(text)") }
        check(again.text == text, "JSON is the same after it is written and parsed")
    }

    private static func status(_ input: Input) {
        var input = input
        let camera = input.line()
        for camera in [nil, camera] {
            guard let status = UpstreamStatus(input.bytes, camera: camera) else { continue }
            check(status.now < 10_000_000_000_000_000_000, "the time is before the year 2286")
            check(status.reason.unicodeScalars.count <= UntrustedText.maximumCount, "the reason is short")
            check(!(status.state == .live && !status.isOnline), "an offline camera is not live")
        }
    }

    /// Checks that an accepted address contains no credentials, whatever the input is.
    private static func address(_ text: String) {
        guard let address = try? UpstreamAddress(text) else { return }
        // Compare bytes, not characters: a slash and a combining accent after it are one character.
        let url = address.url.utf8
        check(url.starts(with: "http://".utf8) || url.starts(with: "https://".utf8), "the scheme is http or https")
        check(!address.host.utf8.contains(UInt8(ascii: "@")), "the host contains no credentials")
        let shown = authority(address.description.utf8)
        check(!shown.contains(UInt8(ascii: "@")), "the description contains no credentials")
        check(shown.elementsEqual(authority(url)), "the description names the same server")
        if let status = address.statusURL {
            check(authority(status.utf8).elementsEqual(authority(url)), "the status is on the same server")
        }
        guard let again = try? UpstreamAddress(address.url) else {
            fatalError("the URL of an accepted address is refused: \(text)")
        }
        check(again == address, "an address is the same after it is written and parsed: \(address.url), \(again.url)")
    }

    private static func authority(_ url: String.UTF8View) -> Substring.UTF8View {
        url.drop { $0 != UInt8(ascii: "/") }.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
    }

    /// Checks that arbitrary times of an upstream do not crash the estimate of its clock offset.
    private static func clock(_ input: Input) {
        var input = input
        var clock = ClockOffset()
        var now: UInt64 = 1_790_000_000_000_000_000
        while !input.isEmpty {
            let flags = input.byte()
            let upstream = flags & 4 == 0 ? now &+ input.integer(UInt64.self) : UInt64(input.integer(UInt32.self)) << 32
            let asked = now
            now += UInt64(input.integer(UInt32.self))
            if flags & 8 != 0 { clock.follow(pictureOf: upstream, arrived: now, at: Instant(nanoseconds: now)) }
            if flags & 1 == 0 {
                clock.add(upstream: upstream, asked: asked, answered: now)
            } else {
                _ = clock.add(pictureOf: upstream, arrived: now)
            }
            if flags & 2 != 0 { clock.reset() }
            _ = clock.nanoseconds
        }
    }

    private static func number(_ text: String) {
        guard let nanoseconds = PartHeaders.nanoseconds(text) else { return }
        let again = PartHeaders.nanoseconds(Multipart.timestamp(realtimeNanoseconds: nanoseconds))
        check(
            again == nanoseconds / 1000 * 1000,
            "a time is the same after it is written and parsed, rounded down to microseconds")
    }
}
