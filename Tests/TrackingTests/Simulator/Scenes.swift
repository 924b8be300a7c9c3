import Glibc

@testable import Tracking

/// The simulated scenes; a scene without objects can have any length.
enum Scenes {
    static func still(seed: UInt64, seconds: Double) -> MadeScene { MadeScene(seed: seed, seconds: seconds) }

    /// A scene without objects, in which the light changes.
    ///
    /// In each minute, the light fades, suddenly becomes brighter, and flickers by 8 %. Then a shadow passes.
    static func light(seed: UInt64, seconds: Double) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: seconds)
        scene.light = { time, column in
            switch time.truncatingRemainder(dividingBy: 60) {
            case ..<10: return 1
            case let second where second < 12: return 1 - 0.4 * (second - 10) / 2
            case ..<20: return 0.6
            case ..<30: return 1.2
            case let second where second < 45: return 1 + 0.08 * sin(2 * .pi * second)
            case let second:
                let distance = (Double(column) * 8 - (second - 45) * 110) / 90
                return 1 - 0.45 * exp(-distance * distance)
            }
        }
        return scene
    }

    static func trees(seed: UInt64, seconds: Double) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: seconds)
        scene.hasTrees = true
        return scene
    }

    /// Two people cross the picture, one after the other.
    static func crossing(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 26)
        scene.objects = [
            .walker(height: 330, from: -120, ground: 640, speed: 180, seconds: 1...10.5),
            .walker(height: 260, from: 1400, ground: 600, speed: -230, seconds: 15...22.5),
        ]
        return scene
    }

    /// A person comes, stands for 35 seconds while the light changes twice, and leaves.
    static func standing(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 54)
        scene.objects = [
            SceneObject(height: 340, width: 170, seconds: 1...46) { time in
                let bob = 5 * sin(6 * time)
                if time < 5 { return Point(x: -120 + 180 * (time - 1), y: 650 + bob) }
                return time < 40 ? Point(x: 600, y: 650) : Point(x: 600 + 180 * (time - 40), y: 650 + bob)
            }
        ]
        scene.light = { time, _ in time < 15 || time >= 46 ? 1 : time < 30 ? 0.65 : 1.1 }
        return scene
    }

    /// A person passes in front of a sitting cat, and hides it for more than a second.
    static func passing(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 30)
        scene.objects = [
            SceneObject(classID: SceneObject.cat, height: 250, width: 220, seconds: 0...30) { _ in Point(x: 700, y: 620)
            },
            .walker(height: 420, from: -150, ground: 690, speed: 200, seconds: 8...16.5),
        ]
        return scene
    }

    /// A person walks behind a pillar.
    static func pillar(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 16)
        scene.objects = [.walker(height: 300, from: -100, ground: 600, speed: 170, seconds: 1...10)]
        scene.pillar = Box(left: 560, top: 100, right: 740, bottom: 720)
        return scene
    }

    /// The camera shakes for 20 seconds in front of a standing person.
    static func shaking(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 30)
        scene.objects = [
            SceneObject(height: 330, width: 165, seconds: 0...30) { _ in Point(x: 640, y: 650) }
        ]
        scene.shake = 2
        scene.shakeSeconds = 5...25
        return scene
    }

    /// Two people of almost the same size meet and pass each other.
    static func meeting(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 20)
        scene.objects = [
            .walker(height: 330, from: -120, ground: 620, speed: 170, seconds: 1...10.5),
            .walker(height: 340, from: 1400, ground: 650, speed: -170, seconds: 1...10.5),
        ]
        return scene
    }

    /// Two distant people cross the picture; the height of each is about a sixth of the picture's height.
    static func far(seed: UInt64) -> MadeScene {
        var scene = MadeScene(seed: seed, seconds: 24)
        scene.objects = [
            .walker(height: 120, from: -60, ground: 470, speed: 90, seconds: 1...17),
            .walker(height: 130, from: 1330, ground: 480, speed: -100, seconds: 4...19),
        ]
        return scene
    }
}
