#!/bin/sh
# For the Kubernetes operator of RocketMQ: makes conf/broker.conf of the mounted conf/broker-common.conf and of what the
# operator says in the environment, and shows it.
set -eu
conf=${ROCKETMQ_HOME:?}/conf
common=$conf/broker-common.conf

fail() {
    echo "brokerGenConfig.sh: $*" >&2
    exit 1
}

[ -r "$common" ] || fail "$common cannot be read; the operator mounts it"
[ -n "${BROKER_NAME-}" ] || fail "BROKER_NAME must be set; the operator sets it"
[ -n "${BROKER_CLUSTER_NAME-}" ] || fail "BROKER_CLUSTER_NAME must be set; the operator sets it"
case ${BROKER_ID-} in
'' | *[!0-9]*) fail "BROKER_ID=${BROKER_ID-} is not a number; 0 is the master" ;;
esac
[ "${enableControllerMode-}" != true ] || fail "there is no controller mode, it belongs to RocketMQ 5; set clusterMode: STATIC"

dropped='brokerClusterName|brokerName|brokerId'
[ "$BROKER_ID" = 0 ] || dropped="$dropped|brokerRole"
{
    sed -E "/^[[:space:]]*($dropped)[[:space:]]*[=:]/d" "$common"
    echo # the file may end without a line end
    echo "brokerClusterName=$BROKER_CLUSTER_NAME"
    echo "brokerName=$BROKER_NAME"
    echo "brokerId=$BROKER_ID"
    [ "$BROKER_ID" = 0 ] || echo brokerRole=SLAVE
    [ -z "${POD_IP-}" ] || echo "brokerIP1=$POD_IP"
} >"$conf/broker.conf"
cat "$conf/broker.conf"
