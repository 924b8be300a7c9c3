#!/usr/bin/env bash
# Runs one command in a virtual machine (qemu) with Debian's kernel and real drivers.
#
#   run-in-vm.sh [OPTION…] -- COMMAND
#
#   --module 'NAME [PARAMETER…]'  load a kernel module before COMMAND runs (repeatable; loaded in this order)
#   --file HOST:GUEST             copy a folder, or a file with all libraries it needs, into the machine (repeatable)
#   --program NAME                copy a program in PATH and its libraries to the same path in the machine (repeatable)
#   --out FOLDER                  make FOLDER, which must exist, available as /out; files in /out appear in FOLDER
#   --timeout SECONDS             stop the machine after this time (120)
#   --memory MB                   the memory of the machine (512)
#   --accelerator tcg|kvm         how qemu runs the machine (tcg, which works everywhere)
#   --forward PORT:GUEST          forward PORT of this computer (127.0.0.1) to port GUEST of the machine (10.0.2.15);
#                                 the machine itself has no access to the network (repeatable)
#   --kernel-log FILE             write the kernel's messages to FILE
#   --prepare                     only prepare the kernel and the initramfs in the cache; needs no COMMAND
#
# The machine runs busybox in an initramfs. The sh of busybox runs COMMAND as root, and this script prints the output.
# This script exits with the status of COMMAND, with 124 after a timeout, with 125 if the machine failed, or with 77 if
# this computer lacks a requirement. The folder ORIEL_VM_CACHE (~/.cache/oriel-vm) caches the kernel and the initramfs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

say() { echo "run-in-vm: $*" >&2; }
fail() {
    say "${*:2}"
    exit "$1"
}

modules=() files=() programs=() forwards=''
out='' timeout=120 memory=512 accelerator=tcg kernel_log='' prepare=false
while (($# > 0)); do
    case $1 in
        --module) modules+=("$2") ;;
        --file) files+=("$2") ;;
        --program) programs+=("$2") ;;
        --out) out=$(cd "$2" && pwd -P) ;;
        --timeout) timeout=$2 ;;
        --memory) memory=$2 ;;
        --accelerator) accelerator=$2 ;;
        --forward) forwards+=",hostfwd=tcp:127.0.0.1:${2%:*}-10.0.2.15:${2#*:}" ;;
        --kernel-log) kernel_log=$2 ;;
        --prepare)
            prepare=true
            shift
            continue
            ;;
        --)
            shift
            break
            ;;
        *) fail 125 "unknown option $1" ;;
    esac
    shift 2
done
$prepare || (($# == 1)) || fail 125 "one COMMAND is needed"

[[ $(uname -m) == x86_64 ]] || fail 77 "the machine needs an x86-64 computer, but this one is $(uname -m)"
for program in qemu-system-x86_64 busybox cpio depmod modprobe xz python3 dpkg apt-get; do
    command -v "$program" >/dev/null || fail 77 "$program is not installed (scripts/setup --tests)"
done
busybox=$(command -v busybox)
! ldd "$busybox" >/dev/null 2>&1 || fail 77 "busybox is not static (install busybox-static)"

cache=${ORIEL_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/oriel-vm}
mkdir -p "$cache"
work=$(mktemp -d "${TMPDIR:-/tmp}/oriel-vm.XXXXXX")
qemu=''
# shellcheck disable=SC2317     # the trap calls it
clean_up() {
    [[ -z $qemu ]] || kill "$qemu" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'say "line $LINENO failed"; exit 125' ERR
trap 'exit 143' TERM INT HUP

# ---- the kernel, which is downloaded once

fetch_kernel() {
    local release=$1 folder
    say "fetching Debian's kernel $release"
    folder=$(mktemp -d "$cache/fetch.XXXXXX")
    (cd "$folder" && apt-get download "linux-image-$release") >"$folder/log" 2>&1 || {
        cat "$folder/log" >&2
        fail 77 "linux-image-$release cannot be downloaded (apt-get update?)"
    }
    dpkg -x "$folder"/linux-image-*.deb "$folder/root"
    # Since Debian 13, the package contains /usr/lib/modules, and /lib is a link of the system.
    [[ -e $folder/root/lib ]] || ln -s usr/lib "$folder/root/lib"
    depmod -b "$folder/root" "$release"
    unpack_kernel "$folder/root/boot/vmlinuz-$release" "$folder/root/vmlinux"
    rm -rf "${cache:?}/$release"
    mv "$folder/root" "$cache/$release"
    rm -rf "$folder"
}

# unpack_kernel IMAGE FILE: writes the decompressed kernel to FILE. A compressed kernel would decompress itself at every
# boot, which takes 8 s on an emulated processor.
unpack_kernel() {
    python3 - "$1" "$2" <<'PYTHON'
import lzma, struct, subprocess, sys, zlib
image = open(sys.argv[1], "rb").read()
# Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length
start = (image[0x1f1] + 1) * 512 + struct.unpack_from("<I", image, 0x248)[0]
payload = image[start:start + struct.unpack_from("<I", image, 0x24c)[0]]
if payload[:6] == b"\xfd7zXZ\0":
    kernel = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload)
elif payload[:4] == b"\x28\xb5\x2f\xfd":
    kernel = subprocess.run(["zstd", "-dc"], input=payload[:-4], stdout=subprocess.PIPE, check=True).stdout
else:
    kernel = zlib.decompressobj(31).decompress(payload)
open(sys.argv[2], "wb").write(kernel)
PYTHON
}

# ---- the initramfs that all runs share: busybox, guest/init, drivers

drivers=(virtio_pci virtio_console virtio_net 9p 9pnet_virtio vivid uvcvideo dummy_hcd gadgetfs)

build_initramfs() {
    local release=$1 target=$2 root=$work/base folder module path
    mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{dev,proc,sys,etc,root,tmp,run,out,var/log,var/lib/nginx}
    for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
    cp "$busybox" "$root/usr/bin/busybox"
    "$busybox" --list | while read -r name; do [[ -e $root/usr/bin/$name ]] || ln -s busybox "$root/usr/bin/$name"; done
    install -m 755 "$here/guest/init" "$root/init"
    printf 'root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nwww-data:x:33:\nvideo:x:44:\n' >"$root/etc/group"
    echo '127.0.0.1 localhost' >"$root/etc/hosts"
    folder=$root/usr/lib/modules/$release
    mkdir -p "$folder"
    for module in "${drivers[@]}"; do
        modprobe -d "$cache/$release" -S "$release" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p' |
            while read -r path; do cp "$path" "$folder/"; done || fail 125 "kernel $release has no module $module"
    done
    find "$folder" -name '*.xz' -exec xz -d {} +
    find "$folder" -name '*.zst' -exec zstd -q -d --rm {} +
    cp "$cache/$release/lib/modules/$release"/modules.{builtin,order} "$folder/"
    depmod -b "$root/usr" "$release" 2>/dev/null || depmod -b "$root" "$release"
    (cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio -o -0 -H newc -R 0:0 --quiet) >"$target.new"
    mv "$target.new" "$target"
    rm -rf "$root"
}

exec 9>"$cache/lock"
flock 9
release=$(cat "$cache/release" 2>/dev/null) ||
    release=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-//p' | head -n 1)
[[ -n $release ]] || fail 77 "Debian's package linux-image-amd64 is unknown here (apt-get update?)"
[[ -e $cache/$release/vmlinux ]] || fetch_kernel "$release"
echo "$release" >"$cache/release"
key=$(cat "$here/guest/init" "${BASH_SOURCE[0]}" "$busybox" | sha256sum | cut -c 1-16)
base=$cache/initramfs-$release-$key
[[ -e $base ]] || build_initramfs "$release" "$base"
flock -u 9
exec 9>&-
if $prepare; then exit 0; fi

# ---- the files that only this run needs, in a second archive, which the kernel unpacks after the initramfs

add() {
    local source=$1 target=$work/files$2 library
    [[ -e $source ]] || fail 125 "$source does not exist"
    mkdir -p "$(dirname "$target")"
    if [[ -d $source ]]; then
        cp -rL "$source" "$target"
        return
    fi
    cp -L "$source" "$target"
    [[ $(head -c 4 "$source" | tail -c 3) == ELF ]] || return 0
    for library in $(ldd "$source" 2>/dev/null | grep -o '/[^ ]*'); do
        mkdir -p "$work/files$(dirname "$library")"
        cp -Ln "$library" "$work/files$library"
    done
}

mkdir -p "$work"/files/usr/{bin,sbin,lib,lib64} "$work/share"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$work/files/$folder"; done
for file in "${files[@]}"; do add "${file%%:*}" "${file#*:}"; done
for program in "${programs[@]}"; do
    path=$(command -v "$program") || fail 77 "$program is not installed (scripts/setup --tests)"
    add "$path" "$(realpath "$(dirname "$path")")/$program"
done
{
    cat "$base"
    cd "$work/files" && find . -print0 | cpio -o -0 -H newc -R 0:0 --quiet
} >"$work/initramfs"

((${#modules[@]} == 0)) || printf '%s\n' "${modules[@]}" >"$work/share/modules"
printf '%s\n' "$1" >"$work/share/command"

# ---- the machine

# The output of COMMAND leaves the machine through two serial ports. qemu writes it to pipes, and cat prints it, because
# qemu needs write-only descriptors.
mkfifo "$work/stdout" "$work/stderr"
cat "$work/stdout" &
readers=($!)
cat "$work/stderr" >&2 &
readers+=($!)

folders=(-fsdev "local,id=share,path=$work/share,security_model=none"
    -device "virtio-9p-pci,fsdev=share,mount_tag=share")
[[ -z $out ]] || folders+=(-fsdev "local,id=out,path=$out,security_model=none"
    -device "virtio-9p-pci,fsdev=out,mount_tag=out")

network=()
if [[ -n $forwards ]]; then
    touch "$work/share/network"
    # shellcheck disable=SC2054     # qemu's commas
    network=(-netdev "user,id=net,restrict=on$forwards" -device virtio-net-pci,netdev=net)
fi

timeout -k 5 "$timeout" qemu-system-x86_64 -accel "$accelerator" -M q35 -cpu max -m "$memory" \
    -nodefaults -no-user-config -display none -no-reboot -kernel "$cache/$release/vmlinux" -initrd "$work/initramfs" \
    -append "panic=-1 oops=panic console=ttyS0 quiet mitigations=off cryptomgr.notests no_timer_check tsc=reliable" \
    -serial "file:$work/console" -device virtio-serial-pci \
    -chardev file,id=stdout,path=/proc/self/fd/7,append=on -device virtserialport,chardev=stdout,nr=1 \
    -chardev file,id=stderr,path=/proc/self/fd/8,append=on -device virtserialport,chardev=stderr,nr=2 \
    "${folders[@]}" "${network[@]}" </dev/null >"$work/qemu" 2>&1 7>"$work/stdout" 8>"$work/stderr" &
qemu=$!
status=0
wait "$qemu" || status=$?
qemu=''
wait "${readers[@]}" || true

if [[ -n $kernel_log ]]; then
    cp "$work/share/dmesg" "$kernel_log" 2>/dev/null || cp "$work/console" "$kernel_log"
fi
[[ ! -s $work/share/status ]] || exit "$(cat "$work/share/status")"
((status != 124 && status != 137)) || fail 124 "stopped after $timeout s"
tail -n 25 "$work/qemu" "$work/console" >&2 || true
fail 125 "the machine exited before its command did"
