#!/bin/bash
# Installs the Debian package into a Debian 12 of its own, boots that in an emulated machine with the release's own kernel (6.1, the oldest
# that is given io_uring) and systemd as process 1, and runs check.sh in there: the service, and the end-to-end tests of the core with both
# backends. Needs root, debootstrap, qemu-system-x86_64, the package (packaging/build-deb) and what `make test` has put into tests/e2e and
# build/release. Takes minutes: nothing of the machine is faster than emulation.
#
#   SYSTEM_DIR     where the system is put together (default build/system); the bare one is kept there as base.tar
#   SYSTEM_TESTS   which end-to-end tests run in there ("" is none)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source_root=$(cd "$here/../.." && pwd)
work=${SYSTEM_DIR:-$source_root/build/system}
tests=${SYSTEM_TESTS-clients hostile rotation restart history reload limits activation status sandbox links hanging}
boot_seconds_max=3600

mkdir -p "$work"
deb=$(ls "$source_root"/build/deb/logwisp_*_amd64.deb)
# What the package depends on comes along: the machine has no network.
packages=systemd-sysv,linux-image-amd64,initramfs-tools,kmod,udev,curl,logrotate,procps,netcat-openbsd,telnet,socat,strace,python3,nodejs,libfmt9,libsimdjson14,libspdlog1.10
if [ ! -e "$work/base.tar" ] || [ "$(cat "$work/base.packages" 2> /dev/null)" != "$packages" ]; then
    rm -rf "$work/base" "$work/base.packages"
    debootstrap --variant=minbase --include="$packages" bookworm "$work/base" > "$work/debootstrap.log"
    tar -C "$work/base" -cf "$work/base.tar.part" . && mv "$work/base.tar.part" "$work/base.tar"
    echo "$packages" > "$work/base.packages"
    rm -rf "$work/base"
fi

rm -rf "$work/root"
mkdir "$work/root"
tar -C "$work/root" -xf "$work/base.tar"
cp "$deb" "$work/root/root/logwisp.deb"
install -m 0755 "$here/check.sh" "$work/root/root/check.sh"
install -m 0755 "$source_root/build/release/tests/refuse" "$source_root/build/release/tests/hanging_fs" "$work/root/root/"
mkdir -p "$work/root/root/tests"
cp -r "$source_root/tests/e2e" "$source_root/tests/system" "$work/root/root/tests/"
cp -r "$source_root/docs" "$work/root/root/docs"
echo "$tests" > "$work/root/root/e2e-tests"
cat > "$work/root/etc/systemd/system/logwisp-check.service" <<'UNIT'
[Unit]
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/root/check.sh
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0

[Install]
WantedBy=graphical.target
UNIT
mkdir -p "$work/root/etc/systemd/system/graphical.target.wants"
ln -s ../logwisp-check.service "$work/root/etc/systemd/system/graphical.target.wants/"
ln -sf /lib/systemd/system/graphical.target "$work/root/etc/systemd/system/default.target"
ln -sf /dev/null "$work/root/etc/systemd/system/serial-getty@ttyS0.service"

kernel=$(ls "$work"/root/boot/vmlinuz-*)
initrd=$(ls "$work"/root/boot/initrd.img-*)
cp "$kernel" "$work/vmlinuz" && cp "$initrd" "$work/initrd"
rm -f "$work/disk"
mke2fs -q -t ext4 -d "$work/root" "$work/disk" 3G
rm -rf "$work/root"

timeout "$boot_seconds_max" qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 1024 -nographic -no-reboot -nodefaults -serial stdio \
    -kernel "$work/vmlinuz" -initrd "$work/initrd" -append "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=no" \
    -drive "file=$work/disk,format=raw,if=virtio,cache=unsafe" < /dev/null | tee "$work/console.log" | grep -a --line-buffered -E '^(ok|not ok|#) '
grep -aq '^# all passed' "$work/console.log"
