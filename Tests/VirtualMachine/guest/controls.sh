#!/bin/sh
# Reads and sets controls of the driver vivid through the ingest server while the camera streams.
# shellcheck shell=dash source-path=SCRIPTDIR
# shellcheck source=system.sh
. /guest/system.sh

start_servers
# On a slow emulated machine, a shorter --timeout would make the daemon report a stalled camera.
oriel() { start_capture --device auto --size 320x180 --fps 5 --timeout 20 --control contrast=99; }
oriel
within 60 is_online

# ask FILE STATUS OPTION…: requests the controls from the ingest server and writes the response to FILE. Succeeds if the
# response has STATUS. Its callers repeat it until it succeeds: the ingest server waits only one second for the daemon,
# and on an emulated machine the daemon can be slower.
ask() {
    ask_file=$1 ask_status=$2
    shift 2
    curl -s -m 20 -w '\n%{http_code}\n' "$@" http://127.0.0.1:9001/controls/main >"$ask_file"
    [ "$(tail -n 1 "$ask_file")" = "$ask_status" ]
}
# put FILE STATUS JSON: sends the changes in JSON until the response has STATUS, and writes this response to FILE.
put() { within 60 ask "$1" "$2" -X PUT -H 'Content-Type: application/json' -d "$3"; }
# value CONTROL: prints the value that a control has in the driver.
value() { v4l2-ctl -d /dev/video0 -C "$1" | sed 's/.*: //'; }
is_value() { [ "$(value "$1")" = "$2" ]; }
# expect_value NAME CONTROL VALUE: checks that CONTROL has VALUE. Waits up to 60 s, since the daemon may not have opened
# the camera yet.
expect_value() {
    within 60 is_value "$2" "$3"
    expect "$1: $2 is $(value "$2")" is_value "$2" "$3"
}

within 60 ask /out/controls.json 200
capture-daemon devices --json >/out/devices.json

put /out/answer.json 200 '{"brightness": 77, "hue": 500}'
expect "PUT: vivid's brightness is $(value brightness), as requested" is_value brightness 77
expect "PUT: hue 500 is limited to $(value hue), the maximum" is_value hue 128
put /out/unknown.json 400 '{"brightness": 10, "no_such_thing": 1}'
expect "an unknown control is refused with 400" grep -q bad_request /out/unknown.json
expect "a refused request sets no control" is_value brightness 77

echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind
within 60 is_offline
within 60 ask /out/offline.json 503
expect "unbound: the response is 503 with the error camera_offline" grep -q camera_offline /out/offline.json
echo vivid.0 >/sys/bus/platform/drivers/vivid/bind
within 60 is_online
expect_value "unbind and bind" brightness 77
expect_value "unbind and bind" hue 128
expect_value "unbind and bind, with a value from the command line" contrast 99

restart() {
    v4l2-ctl -d /dev/video0 -c brightness=1 -c contrast=1
    oriel
}
stop_capture
restart
expect_value "daemon stopped and started again" brightness 77
kill -KILL "$capture"
wait "$capture" 2>/dev/null
restart
expect_value "daemon killed and started again" brightness 77
expect_value "daemon killed and started again, with a value from the command line" contrast 99

put /out/default.json 200 '{"brightness": null}'
expect "PUT with null: brightness is $(value brightness), its default" is_value brightness 128
stop_capture
restart
expect_value "after a reset and a restart, with a value from the command line" contrast 99
expect "after a reset and a restart: brightness is $(value brightness), so the daemon did not restore the value from before the reset" \
    is_value brightness 1
stop_capture
