#!/bin/sh
# Starts or stops a name server and the three brokers of one DLedger group on this machine: fast-try.sh start|stop
home=$(cd "$(dirname "$0")/../.." && pwd)
export ROCKETMQ_HOME="$home"
# shellcheck source=../trylib.sh
. "$home/bin/trylib.sh"

start_all() {
    start namesrv "$home/bin/mqnamesrv"
    for node in n0 n1 n2; do
        start "broker-$node" "$home/bin/mqbroker" -c "$home/conf/dledger/broker-$node.conf"
    done
}

fast_try "${HOME:?}/rmqtry/dledger" "$@"
