#!/bin/bash
# The first process of a kernel that runs as a program: init.sh FOLDER COMMAND...
# Carries out the command on the files of the host. It writes to FOLDER for good, and what it writes to the cache and
# beside is forgotten. Its output goes to FOLDER/output, its exit status to FOLDER/status. The command is text for bash.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb
[ "$HOME" = / ] && export HOME=/root
folder=$1
shift

# Puts a file system in memory over a folder of the host, so that both can be read and only memory is written.
over() {
  local n=/tmp/over/${1//\//_}
  mkdir -p "$n/upper" "$n/work"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$n/upper,workdir=$n/work" "$1"
}

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug
mount -t hostfs none /mnt -o "$folder"
mount -t tmpfs -o size=90% tmpfs /tmp
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o size=90% tmpfs /dev/shm
mount -t devpts devpts /dev/pts
ip link set lo up
[ -d "$HOME/.cache" ] && over "$HOME/.cache"

cd "${0%/runners/vm/outer/*}" || exit
bash -c "$*" </dev/null >/mnt/output 2>&1
echo $? >/mnt/status
sync
halt -f -p
