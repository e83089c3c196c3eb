#!/bin/sh
# Builds the image as deploy/Dockerfile says, unpacks it, and asks the bot in it over a Discord on the loopback.
# Needs root on Linux, buildah, and `make setup`. BUILDAH_OPTIONS are for buildah build, ROOT for `skip the build`:
#   sudo deploy/prove.sh
#   sudo ROOT=/path/to/an/unpacked/image deploy/prove.sh
set -eu
cd "$(dirname "$0")/.."
if [ -z "${ROOT:-}" ]; then
    # shellcheck disable=SC2086 # several options
    buildah build ${BUILDAH_OPTIONS:-} --file deploy/Dockerfile --tag footnote .
    CONTAINER=$(buildah from --pull-never localhost/footnote)
    trap 'buildah rm "$CONTAINER" >/dev/null' EXIT
    ROOT=$(buildah mount "$CONTAINER")
fi
SIZE=$(du --summarize --apparent-size --block-size=1MB "$ROOT" | cut -f1)
echo "the image is $SIZE MB"
if [ "$SIZE" -ge 250 ]; then
    echo "that is too much: it shall stay under 250 MB" >&2
    exit 1
fi
FOOTNOTE_ROOTFS=$ROOT .venv/bin/pytest -x tests/wire/test_image.py
