#!/bin/sh
# Controls of the driver vivid, read and set through the camera's side while it streams.
# shellcheck shell=dash source-path=SCRIPTDIR
# shellcheck source=system.sh
. /guest/system.sh

start_servers
# An emulated machine may be so slow that a camera looks stalled: hence the long timeout.
oriel() { start_capture --device auto --size 320x180 --fps 5 --timeout 20 --control contrast=99; }
oriel
within 60 is_online

# ask FILE STATUS OPTION…: requests the controls from the camera's side until it answers with STATUS. The second that its
# daemon has to answer can be too short in such a machine.
ask() {
    ask_file=$1 ask_status=$2
    shift 2
    curl -s -m 20 -w '\n%{http_code}\n' "$@" http://127.0.0.1:9001/controls/main >"$ask_file"
    [ "$(tail -n 1 "$ask_file")" = "$ask_status" ]
}
# put FILE STATUS JSON
put() { within 60 ask "$1" "$2" -X PUT -H 'Content-Type: application/json' -d "$3"; }
# The value of a control in the driver.
value() { v4l2-ctl -d /dev/video0 -C "$1" | sed 's/.*: //'; }
is_value() { [ "$(value "$1")" = "$2" ]; }
# expect_value NAME CONTROL VALUE: waits a moment for it, since the daemon may be about to open the camera.
expect_value() {
    within 60 is_value "$2" "$3"
    expect "$1: $2 is $(value "$2")" is_value "$2" "$3"
}

within 60 ask /out/controls.json 200
capture-daemon devices --json >/out/devices.json

put /out/answer.json 200 '{"brightness": 77, "hue": 500}'
expect "PUT: vivid's brightness is $(value brightness), as asked for" is_value brightness 77
expect "PUT: hue 500 became $(value hue), the end of its range" is_value hue 128
put /out/unknown.json 400 '{"brightness": 10, "no_such_thing": 1}'
expect "an unknown control is refused with 400" grep -q bad_request /out/unknown.json
expect "and nothing of that request is set" is_value brightness 77

echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
within 60 is_offline
within 60 ask /out/offline.json 503
expect "unbound: 503 says that the camera is away" grep -q camera_offline /out/offline.json
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
within 60 is_online
expect_value "unbind and bind" brightness 77
expect_value "unbind and bind" hue 128
expect_value "unbind and bind, as the command line has it" contrast 99

restart() {
    v4l2-ctl -d /dev/video0 -c brightness=1 -c contrast=1
    oriel
}
stop_capture
restart
expect_value "daemon stopped and started" brightness 77
kill -KILL "$capture"
wait "$capture" 2>/dev/null
restart
expect_value "daemon killed and started" brightness 77
expect_value "daemon killed and started, as the command line has it" contrast 99

put /out/default.json 200 '{"brightness": null}'
expect "null: brightness is $(value brightness), its default" is_value brightness 128
stop_capture
restart
expect_value "and after a restart, what the command line says is there" contrast 99
expect "but nothing that was taken back: brightness is $(value brightness)" is_value brightness 1
stop_capture
