#!/bin/sh
# Starts a name server and a broker in the background; what they say goes to ns.log and bk.log.
bin=$(dirname "$0")
trap '' HUP # they outlive the terminal; the image has no nohup
sh "$bin/mqnamesrv" >ns.log 2>&1 &
# shellcheck disable=SC2046 # the first of several addresses
set -- $(hostname -i)
ADDR=${1:-127.0.0.1}:9876
sh "$bin/mqbroker" -n "$ADDR" >bk.log 2>&1 &
echo "Start Name Server and Broker Successfully, $ADDR"
