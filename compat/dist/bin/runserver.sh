#!/bin/sh
# Runs the program that stands for a class of RocketMQ: runserver.sh CLASS [OPTIONS]
# What a JVM gets as options is taken from JAVA_OPT, JAVA_OPT_EXT and MAX_POSSIBLE_HEAP by the program itself.
bin=$(dirname "$0")
case ${1-} in
org.apache.rocketmq.namesrv.NamesrvStartup) program=mqnamesrv ;;
org.apache.rocketmq.broker.BrokerStartup) program=mqbroker ;;
org.apache.rocketmq.tools.command.MQAdminStartup) program=mqadmin ;;
org.apache.rocketmq.example.quickstart.Producer) program=quickstartProducer ;;
org.apache.rocketmq.example.*)
    echo "ERROR: $1 needs RocketMQ's Java client, which is not here; messages are shown by: sh mqadmin consumeMessage -t TopicTest" >&2
    exit 1
    ;;
*)
    echo "ERROR: ${1:-no class} is not a program of this installation; there are NamesrvStartup, BrokerStartup and MQAdminStartup" >&2
    exit 1
    ;;
esac
shift
if [ -n "${RMQ_NUMA_NODE-}" ] && command -v numactl >/dev/null 2>&1; then
    exec numactl "--cpunodebind=$RMQ_NUMA_NODE" "--membind=$RMQ_NUMA_NODE" "$bin/booster" "$program" "$@"
fi
exec "$bin/booster" "$program" "$@"
