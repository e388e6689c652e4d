#!/bin/sh
# In RocketMQ: starts or stops the three brokers of one DLedger group. There is no DLedger here, so this starts nothing and says so.
case ${1-} in
start)
    echo "There is no DLedger here and nothing was started; $(dirname "$0")/../masterslave/fast-try.sh starts a master and a slave." >&2
    exit 1
    ;;
stop) echo "Nothing was started here." ;;
*)
    echo "Usage: sh $0 start|stop"
    exit 1
    ;;
esac
