import Configuration
import Names
import Testing
import Tracking

@Suite("Valid configurations")
struct ConfigurationTests {
    private func read(
        _ text: String?, _ more: [String] = [], variables: [String: String] = [:]
    ) throws -> SystemConfiguration {
        var reader = ConfigurationReader(ownAddresses: ["192.0.2.5", "2001:db8::5"])
        if let text {
            reader.read(
                [ConfigurationFile("oriel.conf", .bytes(Array(text.utf8)))]
                    + more.map { ConfigurationFile("more.conf", .bytes(Array($0.utf8))) })
        }
        reader.read(variables)
        return try reader.result()
    }

    @Test("All settings are read from files, which may contain comments, blanks and carriage returns")
    func everything() throws {
        let configuration = try read(
            """
            # a comment\r
            ; another one
              [web]  \r
            listen = 192.0.2.5:8080
            hosts = camera.example  *.door.example
            controls=yes
            [ingest]
            listen = [2001:db8::5]:9100
            [detection]
            enabled = no
            mode = always
            model = /var/lib/oriel/model.onnx
            [system]
            prefix = second
            runtime-folder = /run/second
            state-folder = /var/lib/second
            [camera door]
            device = /dev/v4l/by-id/usb-046d_C920-video-index0
            size = 1280x720
            fps = 15
            format = mjpeg
            quality = 90
            rotate = 90
            flip = both
            warmup = 5
            timeout = 2.5
            control.brightness = 128
            control.white_balance_automatic = 0
            """, ["[camera yard]\nupstream = https://10.0.0.5/mjpeg/yard?fps=5"])
        #expect(configuration.web == Endpoint(address: "192.0.2.5", port: 8080))
        #expect(configuration.web.isOpen)
        #expect(configuration.hosts == ["camera.example", "*.door.example"])
        #expect(configuration.hasControls)
        #expect(configuration.ingest.authority == "[2001:db8::5]:9100")
        #expect(!configuration.detection.isEnabled)
        #expect(configuration.detection.mode == .always)
        #expect(configuration.detection.model == "/var/lib/oriel/model.onnx")
        #expect(configuration.prefix.text == "second")
        #expect(configuration.runtimeFolder == "/run/second")
        #expect(configuration.stateFolder == "/var/lib/second")
        #expect(configuration.cameras.map(\.name.text) == ["door", "yard"])
        let door = try #require(configuration.cameras.first)
        #expect(door.source == .device("/dev/v4l/by-id/usb-046d_C920-video-index0"))
        #expect(door.size == "1280x720" && door.framesPerSecond == 15 && door.format == "mjpeg")
        #expect(door.quality == 90 && door.rotation == 90 && door.flip == "both")
        #expect(door.warmUp == 5 && door.timeout == 2.5)
        #expect(door.controls == ["brightness=128", "white_balance_automatic=0"])
        #expect(configuration.cameras.last?.source == .upstream("https://10.0.0.5/mjpeg/yard?fps=5"))
    }

    @Test("A camera's settings of detection take precedence over [detection], setting by setting")
    func detection() throws {
        let text = """
            [detection]
            mode = off
            fps = 8
            classes = person, traffic light
            class.person.confirm = 0.6
            class.person.min-area = 0.01
            class.traffic light.max-ratio = 2
            [camera door]
            device = pattern
            detect = always
            detect-fps = 2.5
            detect-classes = person, dog
            class.person.confirm = 0.7
            class.dog.score = 0.3
            zone.porch.classes = dog
            zone.porch = 0,0 1,0 1,0.5
            zone.porch.seconds = 2
            zone.path = 0,0.5 1,0.5 1,1
            mask.tree = 0.1,0.1 0.2,0.1 0.2,0.2 0.1,0.2
            ignore.bush = 0,0 0.5,0 0.5,0.5
            ignore.bush.classes = person
            [camera yard]
            upstream = http://10.0.0.5/mjpeg/yard
            zone.gate = 0,0 1,0 1,1
            """
        let configuration = try read(text)
        let door = configuration.detection(of: try #require(CameraName("door")))
        #expect(door.mode == .always && door.rate == 2.5)
        #expect(door.scene.classes == ["person", "dog"])
        #expect(Set(door.scene.limits.keys) == ["person", "dog"])
        let person = door.scene.rule(for: "person")
        #expect(person.confirmingScore == 0.7 && person.minimumArea == 0.01 && person.minimumScore == 0.4)
        #expect(person.ignoredAreas.map(\.corners.count) == [3])
        let dog = door.scene.rule(for: "dog")
        #expect(dog.minimumScore == 0.3 && dog.ignoredAreas.isEmpty)
        #expect(door.scene.zones.map(\.area.name) == ["porch", "path"])
        #expect(door.scene.zones.map(\.area.classes) == [["dog"], []])
        #expect(door.scene.zones.map(\.seconds) == [2, 0.6])
        #expect(door.scene.masks.map(\.polygon.corners.last) == [Point(x: 0.1, y: 0.2)])
        let yard = configuration.detection(of: try #require(CameraName("yard")))
        #expect(yard.mode == .off && yard.rate == 8)
        #expect(yard.scene.classes == ["person", "traffic light"])
        #expect(yard.scene.rule(for: "traffic light").maximumRatio == 2)
        #expect(yard.scene.zones.map(\.area.name) == ["gate"])
        let other = configuration.detection(of: try #require(CameraName("other")))
        #expect(other.mode == .off && other.scene.zones.isEmpty)
        let always = try read(text, variables: ["ORIEL_DETECT": "watched"])
        #expect(always.cameras.map { always.detection(of: $0.name).mode } == [.watched, .watched])
    }

    @Test("A byte order mark at the beginning of a file is ignored")
    func byteOrderMark() throws {
        #expect(try read("\u{feff}[camera door]\ndevice = pattern\n").cameras.map(\.name.text) == ["door"])
    }

    @Test("All settings of scripts/run are read from variables")
    func variables() throws {
        let standard = try read(nil)
        #expect(standard.cameras.map(\.source) == [.device("auto")])
        #expect(standard.cameras.first?.name == .main)
        #expect(standard.web.description == "127.0.0.1:8000" && standard.ingest.description == "127.0.0.1:9001")

        let configuration = try read(
            nil,
            variables: [
                "ORIEL_CAMERAS":
                    "main=/dev/video0  door=pattern yard=http://10.0.0.5:9001/mjpeg/yard pictures=/srv/jpegs/",
                "ORIEL_SIZE": "640x480", "ORIEL_FPS": "7.5", "ORIEL_WEB_PORT": "8100", "ORIEL_BIND": "0.0.0.0",
                "ORIEL_INGEST_PORT": "9100", "ORIEL_INGEST_BIND": "", "ORIEL_HOSTS": "a.example", "ORIEL_CONTROLS": "1",
                "ORIEL_PREFIX": "p", "ORIEL_STATE_DIR": "/s", "ORIEL_RUNTIME_DIR": "/r", "ORIEL_DEVICE": "ignored",
            ])
        #expect(configuration.web == Endpoint(address: "0.0.0.0", port: 8100))
        #expect(configuration.web.authority == "127.0.0.1:8100")
        #expect(configuration.ingest == Endpoint(address: "127.0.0.1", port: 9100))
        #expect(configuration.hasControls && configuration.hosts == ["a.example"])
        #expect(configuration.prefix.text == "p")
        #expect(configuration.stateFolder == "/s" && configuration.runtimeFolder == "/r")
        #expect(
            configuration.cameras.map(\.source) == [
                .device("/dev/video0"), .device("pattern"), .upstream("http://10.0.0.5:9001/mjpeg/yard"),
                .device("/srv/jpegs/"),
            ])
        #expect(configuration.cameras.map(\.size) == ["640x480", "640x480", nil, "640x480"])
        #expect(configuration.cameras.map(\.framesPerSecond) == [7.5, 7.5, nil, 7.5])
    }

    @Test("Variables take precedence over files")
    func precedence() throws {
        let file = "[web]\nlisten = 127.0.0.1:8080\n[camera door]\ndevice = pattern\n"
        #expect(try read(file).cameras.map(\.name.text) == ["door"])
        #expect(try read(file).detection.mode == .watched)
        let off = "[detection]\nmode = off\n" + file
        #expect(try read(off).detection.mode == .off)
        #expect(try read(off, variables: ["ORIEL_DETECT": "always"]).detection.mode == .always)
        let changed = try read(file, variables: ["ORIEL_WEB_PORT": "8200", "ORIEL_FPS": "5"])
        #expect(changed.web.port == 8200)
        #expect(changed.cameras.map(\.framesPerSecond) == [5])
        #expect(try read(file, variables: ["ORIEL_CAMERAS": "hall=pattern"]).cameras.map(\.name.text) == ["hall"])
    }

    @Test(
        "Invalid credentials are a mistake in the configuration, and are not part of the message",
        arguments: [
            (
                "/no/sesame",
                "line 1 of the variable has no user name followed by a colon: write user:password or "
                    + "NAME=user:password; to use a file, set ORIEL_UPSTREAM_CREDENTIALS=$(cat FILE)"
            ),
            (
                "a:b\nsesame",
                "line 2 of the variable has no user name followed by a colon: write user:password or NAME=user:password"
            ),
            ("dor=anna:sesame", "there are credentials for camera 'dor', which does not exist; correct the name"),
        ])
    func credentials(text: String, sentence: String) {
        let variables = ["ORIEL_CAMERAS": "door=http://h/", "ORIEL_UPSTREAM_CREDENTIALS": text]
        let error = #expect(throws: InvalidConfiguration.self) { try read(nil, variables: variables) }
        #expect(error?.mistakes.map(\.description) == ["ORIEL_UPSTREAM_CREDENTIALS: \(sentence)"])
        // The programs exit with status 78 and not with 64.
        #expect(error?.isInOptionsOnly == false)
        #expect(throws: Never.self) {
            try read(nil, variables: variables.merging(["ORIEL_UPSTREAM_CREDENTIALS": "door=a:b\nc:d"]) { $1 })
        }
    }

    @Test("If a camera has a mistake, its credentials are not reported too")
    func credentialsOfFaultyCamera() {
        let variables = ["ORIEL_CAMERAS": "door=ftp://h/", "ORIEL_UPSTREAM_CREDENTIALS": "door=a:b"]
        let error = #expect(throws: InvalidConfiguration.self) { try read(nil, variables: variables) }
        #expect(error?.mistakes.map(\.origin) == [.variable("ORIEL_CAMERAS")])
        #expect(error?.isInOptionsOnly == true)
    }

    @Test(
        "The message about an invalid variable says what is valid",
        arguments: [
            (["ORIEL_WEB_PORT": "http"], "ORIEL_WEB_PORT: the value is 'http'; give a port from 1 to 65535"),
            (["ORIEL_WEB_PORT": "+80"], "ORIEL_WEB_PORT: the value is '+80'; give a port from 1 to 65535"),
            (
                ["ORIEL_INGEST_PORT": "8000"],
                "ORIEL_INGEST_PORT: the page and the ingest server use the same port, 8000; change one of them"
            ),
            (
                ["ORIEL_BIND": "198.51.100.1"],
                "ORIEL_BIND: the value is '198.51.100.1'; give an address of this machine, or 0.0.0.0 for all of them"
            ),
            (["ORIEL_CAMERAS": "  "], "ORIEL_CAMERAS: the variable is blank; write NAME=DEVICE, or unset it"),
            (
                ["ORIEL_CAMERAS": "a=pattern a=auto"],
                "ORIEL_CAMERAS: camera 'a' is listed twice; give each camera its own name"
            ),
            (
                ["ORIEL_CAMERAS": "a=ftp://x"],
                "ORIEL_CAMERAS: camera 'a' has 'ftp://x'; give the address of a stream, such as "
                    + "http://10.0.0.5:9001/mjpeg/door"
            ),
            (
                ["ORIEL_CONTROLS": "yes"],
                "ORIEL_CONTROLS: the value is 'yes'; give 1 to let viewers change controls, or 0 to forbid it"
            ),
            (["ORIEL_DETECT": "on"], "ORIEL_DETECT: the value is 'on'; give off, watched or always"),
            (["ORIEL_HOSTS": "a;b"], "ORIEL_HOSTS: the value is 'a;b'; give host names, separated by spaces"),
        ])
    func nonsense(variables: [String: String], sentence: String) {
        do {
            _ = try read(nil, variables: variables)
            Issue.record("the invalid variable was accepted")
        } catch let error as InvalidConfiguration {
            #expect(error.mistakes.map(\.description) == [sentence])
            #expect(error.isInOptionsOnly)
        } catch {
            Issue.record("\(error)")
        }
    }
}
