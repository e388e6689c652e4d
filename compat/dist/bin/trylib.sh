#!/bin/sh
# Words that the fast-try scripts share; read by them, not run. What they start is noted in the file $pids.

# start NAME SCRIPT...: runs the script in the background, where the end of the terminal does not end it (the image has no nohup),
# notes its process, writes what it says to NAME.log beside pids.
start() {
    name=$1
    shift
    (
        trap '' HUP
        exec sh "$@"
    ) >"$(dirname "$pids")/$name.log" 2>&1 &
    echo "$! $name" >>"$pids"
    echo "$name started, process $!"
}

# stop_all ends what start has started, and only that.
stop_all() {
    if [ ! -s "$pids" ]; then
        echo "Nothing was started here."
        return 0
    fi
    while read -r pid name; do
        # a number may have been given away: only a process of ours is asked to end
        if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q -E '/booster mq(namesrv|broker) '; then
            kill "$pid" && echo "$name asked to end, process $pid"
        fi
    done <"$pids"
    rm -f "$pids"
}

# fast_try FOLDER ACTION: start or stop, with all that is written below FOLDER; start_all is the script's own.
fast_try() {
    pids=$1/pids
    mkdir -p "$1" || exit 1
    case ${2-} in
    start)
        if [ -s "$pids" ]; then
            echo "Already started; stop first."
            exit 1
        fi
        start_all
        ;;
    stop) stop_all ;;
    *)
        echo "Usage: sh $0 start|stop"
        exit 1
        ;;
    esac
}
