#!/bin/sh
# The words of the later images: nameserver and broker, as the first argument or in NODE_ROLE, with options after them.
# Everything else is run as it is, and nothing at all is `dev`: a name server and a broker in one process.
case ${1-} in
nameserver | broker | controller)
    role=$1
    shift
    ;;
*)
    role=${NODE_ROLE-}
    case $role:${1-} in
    : | :* | *:-*) ;;
    *) shift ;; # with a role the command is a placeholder
    esac
    ;;
esac
case $role in
nameserver) exec mqnamesrv "$@" ;;
broker) exec mqbroker "$@" ;;
controller)
    echo "docker-entrypoint.sh: RocketMQ 4.x has no controller" >&2
    exit 1
    ;;
esac
case ${1-} in
'' | dev)
    [ $# -gt 0 ] && shift
    exec booster dev --data "$HOME" "$@"
    ;;
*) exec "$@" ;;
esac
