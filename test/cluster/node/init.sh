#!/bin/bash
# PID 1 of the node. Makes its mounts and its network, says `up`, then starts the daemon that each
# line of its standard input names and says how one ended. The kernel ends everything in the node
# with this process, and it ends at the end of its input: with the program that holds the other end.
set -eu
umask 022

# What containers mount spreads in here, and no further.
mount --make-rshared /
mount -t sysfs sysfs /sys
if [ "$CGROUP_MODE" = v2 ]; then
  mount -t cgroup2 cgroup /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for hierarchy in $CGROUP_HIERARCHIES; do
    case $hierarchy in
      unified) name=unified type=cgroup2 options=rw ;;
      name=*) name=${hierarchy#name=} type=cgroup options=none,$hierarchy ;;
      *) name=$hierarchy type=cgroup options=$hierarchy ;;
    esac
    mkdir "/sys/fs/cgroup/$name"
    mount -t "$type" -o "$options" cgroup "/sys/fs/cgroup/$name"
  done
fi

# The paths that containerd, the kubelet and CNI plugins have built in.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/sysctl
mount --bind "$STATE/var-lib" /var/lib
mount --bind "$STATE/var-log" /var/log

# The kubelet writes these, and they are the whole machine's: it gets copies.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
  kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  copy=/run/sysctl/$(basename "${setting%=*}")
  echo "${setting#*=}" > "$copy"
  mount --bind "$copy" "/proc/sys/${setting%=*}"
done

hostname "$NODE_NAME"
ip link set lo up
ip link add cni0 type bridge
ip addr add "$NODE_ADDRESS/24" dev cni0
ip link set cni0 up
# Without a route a local process fails before a Service's address is translated.
ip route add "$SERVICE_NETWORK" dev cni0 src "$NODE_ADDRESS"
ip route add unreachable default
echo 1 > /proc/sys/net/ipv4/ip_forward

cd "$STATE"
start() {
  mapfile -d '' -t command < "daemons/$1"
  "${command[@]}" > "log/$1.log" 2>&1 < /dev/null
  echo "ended $1 $?"
}
set +e
echo up
while read -r name; do start "$name" & done
