#!/bin/sh
# Serves the camera of the vivid driver to clients outside this machine, until it receives the command "exit".
#
# Whenever the file /out/command appears, this script removes it, runs its content with sh, and writes the output to
# /out/answer. The command "exit" stops the machine.
# shellcheck shell=dash source-path=SCRIPTDIR
# shellcheck source=system.sh
. /guest/system.sh

sed -i 's/listen 127.0.0.1:9001/listen 0.0.0.0:9001/' /etc/oriel/nginx/ingest.conf
start_servers
# Restart the daemon whenever it exits, as a service manager does.
while true; do
    capture-daemon --device auto --size 320x180 --fps 5 --timeout 20 2>>/out/log/capture
    sleep 0.5
done &
within 120 is_online
echo "ok    the camera is online"
while true; do
    if [ -e /out/command ]; then
        mv /out/command /tmp/command
        grep -qx exit /tmp/command && break
        sh /tmp/command >/tmp/answer 2>&1
        cp /tmp/answer /out/answer.new
        mv /out/answer.new /out/answer
    fi
    sleep 0.2
done
