#!/bin/sh
# Runs the program that stands for a class of RocketMQ: tools.sh CLASS [OPTIONS]
exec sh "$(dirname "$0")/runserver.sh" "$@"
