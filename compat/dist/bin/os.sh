#!/bin/sh
# Sets what a busy broker wants from a Linux kernel. As root it sets the values until the next boot; for anybody else it
# prints what root would do. Nothing is written to /etc.
say_or_set() {
    if [ "$(id -u)" = 0 ]; then
        sysctl -w "$1" || echo "os.sh: $1 could not be set" >&2
    else
        echo "sysctl -w $1"
    fi
}
say_or_set vm.max_map_count=655360       # one mapping for each file of the log and of the queues
say_or_set vm.swappiness=1               # the page cache is the broker's memory
say_or_set vm.dirty_background_ratio=5   # write behind early and steadily, so that no flush is long
say_or_set vm.dirty_ratio=40
say_or_set net.core.somaxconn=1024       # as long as the broker's own backlog
# shellcheck disable=SC3045 # every shell there is has it
echo "open files: $(ulimit -n) (want 655350: LimitNOFILE= of the unit, or limits.conf)"
