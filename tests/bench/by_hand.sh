#!/bin/busybox sh
# What somebody writes who wants the containers of the image `sshd` and nothing else: the baseline of tests/bench/services.py.
# It is PID 1 in the very initrd of our cell, in the place of our init.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
# shellcheck disable=SC2046  # a word each
modprobe -a $(sed -n 's/^drivers //p' /etc/bootmatrix/steps)
ifconfig lo 127.0.0.1
hostname sshd
mkdir -p /etc/sysctl.d /run/resolvconf /run/dropbear /root/.ssh
: >/run/resolvconf/resolv.conf

root_of() {
	mount -t tmpfs tmpfs "$1/tmp"
	mkdir "$1/tmp/upper" "$1/tmp/work"
	mount -t overlay -o "lowerdir=$1/lower,upperdir=$1/tmp/upper,workdir=$1/tmp/work" overlay "$1/rootfs"
}

tell() { echo "<9>by-hand: done=$1 status=$?" >/dev/kmsg; }

# --no-pivot: the kernel refuses pivot_root on an initramfs.
runc run --no-pivot --bundle /containers/onboot/000-sysctl sysctl
tell sysctl
root_of /containers/onboot/001-dhcpcd
runc run --no-pivot --bundle /containers/onboot/001-dhcpcd dhcpcd
tell dhcpcd

containerd >/run/containerd.log 2>&1 &
until [ -S /run/containerd/containerd.sock ]; do
	sleep 0.1
done
tell containerd
root_of /containers/services/sshd
sed 's|"path": *"rootfs"|"path": "/containers/services/sshd/rootfs"|' /containers/services/sshd/config.json >/run/sshd.json
ctr run --no-pivot --detach --config /run/sshd.json sshd
tell sshd
tell ready
while :; do sleep 3600; done
