#!/bin/bash
# Becomes a member of the node's cgroups, then the parent of the node's namespaces.
# The argument is the program that becomes PID 1 in there; its standard input is the leash.
set -eu
for procs in $CGROUP_PROCS; do echo $$ > "$procs"; done
exec unshare --pid --fork --kill-child --mount --propagation private --mount-proc \
  --net --cgroup --uts --ipc "$1"
