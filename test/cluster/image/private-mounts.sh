#!/bin/bash
# Runs a command that builds images where it cannot litter the machine: what it writes to /run and
# /var goes into FOLDER. Usage: private-mounts.sh FOLDER COMMAND...
set -eu
export FOLDER=$1
shift
mkdir -p "$FOLDER"/{lib,cache,tmp}
chmod 1777 "$FOLDER/tmp"
exec unshare --mount --propagation private bash -c '
  mount -t tmpfs tmpfs /run
  mkdir -p /run/lock
  for name in lib cache tmp; do mount --bind "$FOLDER/$name" "/var/$name"; done
  exec "$@"' private-mounts "$@"
