#!/bin/sh
# Starts or stops a name server, a master and its slave on this machine: fast-try.sh start|stop
# Settings are those of conf/2m-2s-async, with ports and folders that let both run side by side.
home=$(cd "$(dirname "$0")/../.." && pwd)
export ROCKETMQ_HOME="$home"
folder=${HOME:?}/rmqtry/masterslave
# shellcheck source=../trylib.sh
. "$home/bin/trylib.sh"

# broker NAME PORT: one broker with the settings of NAME.properties.
broker() {
    conf=$folder/$1.conf
    {
        cat "$home/conf/2m-2s-async/$1.properties"
        echo "listenPort=$2"
        echo "storePathRootDir=$folder/$1"
    } >"$conf"
    start "$1" "$home/bin/mqbroker" -n 127.0.0.1:9876 -c "$conf"
}

start_all() {
    start namesrv "$home/bin/mqnamesrv"
    broker broker-a 10911
    broker broker-a-s 11911
    echo "The slave is registered, but does not get the messages of its master: there is no replication yet." >&2
}

fast_try "$folder" "$@"
