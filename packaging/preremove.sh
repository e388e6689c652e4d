#!/bin/sh
# Before the removal the services stop; an upgrade leaves them running. Data and settings stay.
set -e
case ${1-} in
remove | 0)
    if [ -d /run/systemd/system ]; then
        systemctl disable --now rocketmq-broker.service rocketmq-namesrv.service || echo 'booster: the services were not stopped' >&2
    fi
    ;;
esac
