// Package dist is the drop-in: the installation tree with RocketMQ's scripts
// and settings (bin, conf), the image (Dockerfile, rootfs) and what builds them
// (build.sh). Its tests run the scripts as people call them.
package dist
