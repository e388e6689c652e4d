#!/bin/sh
# For the Kubernetes operator of RocketMQ: what a broker's container runs.
set -eu
: "${ROCKETMQ_HOME:?}"
sh "$ROCKETMQ_HOME/bin/brokerGenConfig.sh"
exec sh "$ROCKETMQ_HOME/bin/mqbroker" ${NAMESRV_ADDR:+-n "$NAMESRV_ADDR"} -c "$ROCKETMQ_HOME/conf/broker.conf"
