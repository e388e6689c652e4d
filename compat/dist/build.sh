#!/bin/sh
# Builds what is delivered, below bin/dist or $OUT; run from the top of the repository.
#   build.sh tree VERSION ARCH FOLDER   the installation tree
#   build.sh dist VERSION               tar.gz, deb and rpm, for amd64 and arm64
#   build.sh image VERSION [ARCH...]    the image booster:VERSION, for this processor or those named (booster:VERSION-ARCH), and
#                                       booster-broker and booster-nameserver of the same version for the Kubernetes operator
# Needs go, GNU tar; for the image a Docker engine and busybox: a static one named by BUSYBOX_ARCH, or Debian's package.
set -eu
out=${OUT:-$PWD/bin/dist}
dist=compat/dist
packager=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
versions='4.3.0 4.3.1 4.3.2 4.4.0 4.5.0 4.5.1 4.5.2 4.6.0 4.6.1 4.7.0 4.7.1 4.8.0 4.9.0 4.9.1 4.9.2 4.9.3 4.9.4 4.9.5 4.9.6 4.9.7'

# archive FILE FOLDER NAME...: the same files give the same bytes.
archive() {
    file=$1
    folder=$2
    shift 2
    tar --create --auto-compress --file "$file" --directory "$folder" --format=gnu --sort=name \
        --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner "$@"
}

tree() { # version arch folder
    rm -rf "$3"
    mkdir -p "$3"
    cp -R "$dist/bin" "$dist/conf" LICENSE "$3"
    CGO_ENABLED=0 GOOS=linux GOARCH=$2 go build -trimpath -tags timetzdata -ldflags "-s -w -X main.version=$1" -o "$3/bin/booster" ./cmd/booster
}

dist() { # version
    case $1 in # packages need a version that begins with a digit and has no hyphen
    [0-9]*) package=$1 ;;
    v[0-9]*) package=${1#v} ;;
    *) package=0.0.0+$1 ;;
    esac
    package=$(echo "$package" | tr - .)
    for arch in amd64 arm64; do
        name=booster-$1-linux-$arch
        tree "$1" "$arch" "$out/$arch/$name"
        archive "$out/$name.tar.gz" "$out/$arch" "$name"
        for format in deb rpm; do
            TREE=$out/$arch/$name ARCH=$arch VERSION=$package go run "$packager" package --config packaging/nfpm.yaml --packager "$format" --target "$out"
        done
        rm -rf "${out:?}/$arch"
    done
}

# busybox ARCH FOLDER: puts bin/busybox there, with its licence.
busybox() {
    eval "given=\${BUSYBOX_$1-}"
    mkdir -p "$2/bin" "$2/usr/share/doc/busybox-static"
    if [ -n "$given" ]; then
        cp "$given" "$2/bin/busybox"
        return
    fi
    apt=$out/apt-$1
    mkdir -p "$apt/lists/partial" "$apt/archives/partial"
    : >"$apt/status"
    set -- "$@" -q -o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt" -o "APT::Architecture=$1" -o "APT::Architectures=$1" -o APT::Sandbox::User=root
    folder=$2
    shift 2
    if ! ls "$apt"/*.deb >/dev/null 2>&1; then
        apt-get "$@" update >/dev/null
        (cd "$apt" && apt-get "$@" download busybox-static >/dev/null)
    fi
    dpkg-deb --extract "$apt"/busybox-static_*.deb "$apt/files"
    cp "$apt/files/bin/busybox" "$folder/bin/busybox"
    cp "$apt/files/usr/share/doc/busybox-static/copyright" "$folder/usr/share/doc/busybox-static/"
}

# rootfs VERSION ARCH FOLDER: everything in the image.
rootfs() {
    home=$3/home/rocketmq/rocketmq-4.9.8
    tree "$1" "$2" "$home"
    cp -R "$dist/rootfs/." "$3"
    busybox "$2" "$3"
    while read -r applet; do
        [ -e "$3/bin/$applet" ] || ln -s busybox "$3/bin/$applet"
    done <"$out/applets"
    mkdir -p "$3/etc" "$3/opt" "$3/tmp" "$3/var/tmp" "$3/home/rocketmq/rocketmq"
    chmod 1777 "$3/tmp" "$3/var/tmp"
    for role in broker nameserver; do # /root/rocketmq/…: where the Kubernetes operator has them
        ln -s ../rocketmq-4.9.8 "$3/home/rocketmq/rocketmq/$role"
    done
    for link in sbin usr/bin usr/sbin; do ln -s /bin "$3/$link"; done
    ln -s home/rocketmq "$3/root" # /root/store, /root/logs
    for other in $versions; do
        ln -s rocketmq-4.9.8 "$3/home/rocketmq/rocketmq-$other"
    done
    for other in $versions 4.9.8; do
        ln -s ../home/rocketmq/rocketmq-4.9.8 "$3/opt/rocketmq-$other"
    done
    printf 'root:x:0:0:root:/home/rocketmq:/bin/sh\nrocketmq:x:3000:3000:rocketmq:/home/rocketmq:/bin/sh\n' >"$3/etc/passwd"
    printf 'root:x:0:\nrocketmq:x:3000:\n' >"$3/etc/group"
}

image() { # version tag arch
    context=$out/image-$3
    rm -rf "$context"
    mkdir -p "$context/home/logs" "$context/home/store" "$context/home/namesrv"
    rootfs "$1" "$3" "$context/rootfs"
    archive "$context/rootfs.tar" "$context/rootfs" .
    rm -rf "$context/rootfs"
    cp "$dist/Dockerfile" "$context"
    DOCKER_BUILDKIT=0 docker build --quiet --platform "linux/$3" --tag "$2" "$context"
    rm -rf "$context"
    role_image "$2" broker '["sh", "./brokerStart.sh"]' "$3"
    role_image "$2" nameserver '["sh", "mqnamesrv"]' "$3"
}

# role_image IMAGE ROLE COMMAND ARCH: the image by another name, which runs COMMAND when it is told nothing. The operator names
# an image for each role and no command.
role_image() {
    printf 'FROM %s\nCMD %s\n' "$1" "$3" |
        DOCKER_BUILDKIT=0 docker build --quiet --platform "linux/$4" --tag "booster-$2:${1#*:}" -
}

images() { # version arch...
    version=$1
    shift
    this=$(go env GOHOSTARCH)
    busybox "$this" "$out/busybox-$this"
    "$out/busybox-$this/bin/busybox" --list >"$out/applets" # the same for every processor
    if [ $# -eq 0 ]; then
        image "$version" "booster:$version" "$this"
    fi
    for arch in "$@"; do
        image "$version" "booster:$version-$arch" "$arch"
    done
}

mkdir -p "$out"
case ${1-} in
tree) tree "$2" "$3" "$4" ;;
dist) dist "$2" ;;
image)
    shift
    images "$@"
    ;;
*)
    sed -n '2,7p' "$0"
    exit 1
    ;;
esac
