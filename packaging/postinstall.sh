#!/bin/sh
# After the installation: the user of the services and its folders. Nothing is started.
set -e
if ! getent group rocketmq >/dev/null; then
    groupadd --system rocketmq
fi
if ! getent passwd rocketmq >/dev/null; then
    useradd --system --gid rocketmq --home-dir /var/lib/rocketmq --no-create-home --shell /usr/sbin/nologin --comment 'message broker' rocketmq
fi
install -d -o rocketmq -g rocketmq -m 0750 /var/lib/rocketmq
# settings and accounts hold secrets, and administration may change them while the broker runs
chown -R rocketmq:rocketmq /etc/rocketmq
chmod 0750 /etc/rocketmq
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
