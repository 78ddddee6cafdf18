#!/usr/bin/env bash
# Makes the image in which `sam local invoke` runs Python functions, from Debian and PyPI packages, without a registry.
#   tools/local_image.sh [3.13 | 3.11]
# It gets the name under which SAM looks for it. An image of that name which was not made here is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

version=${1:-3.13}
case $version in
    3.11) suite=bookworm ;;
    3.13) suite=trixie ;;
    *) echo "Debian has Python 3.11 (bookworm) and 3.13 (trixie), not $version" >&2; exit 2 ;;
esac
case $(uname -m) in
    x86_64) architecture=x86_64 platform=x86_64-manylinux_2_28 ;;
    aarch64) architecture=arm64 platform=aarch64-manylinux_2_28 ;;
    *) echo "Lambda has no $(uname -m)" >&2; exit 2 ;;
esac

name=$(uv run --quiet --no-sync python - "python$version" $architecture <<'PYTHON'
import sys
from samcli.local.docker.lambda_image import LambdaImage, Runtime
print(LambdaImage._INVOKE_REPO_PREFIX, Runtime.get_image_name_tag(*sys.argv[1:]), sep="/")
PYTHON
)
docker version > /dev/null # or say at once that there is no engine
recipe=$(sha256sum < "${BASH_SOURCE[0]}" | cut -c1-12)
if found=$(docker image inspect --format '{{index .Config.Labels "headrace.recipe"}}' "$name" 2> /dev/null); then
    case $found in
        "$recipe") echo "$name is there"; exit ;;
        "" | "<no value>") echo "$name is there and was not made here: it stays"; exit ;;
    esac
fi

stage=$(mktemp -d)
trap 'rm -r "$stage"' EXIT
mkdir "$stage/runtime"
uv pip install --quiet --target "$stage/runtime" --only-binary :all: \
    --python-version "$version" --python-platform "$platform" awslambdaric==4.2.2
cat > "$stage/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
exec python3 -m awslambdaric "$_HANDLER"
BOOTSTRAP
chmod 755 "$stage/runtime/bootstrap"

# As on Lambda: a function's code goes before its layers, and these before what comes with the runtime.
packages=/var/task:/opt/python/lib/python$version/site-packages:/opt/python:/var/runtime
echo "building $name: Debian $suite, Python $version, awslambdaric" >&2
mmdebstrap --quiet --variant=essential \
    --include="python3-minimal,libpython$version-stdlib,ca-certificates,libstdc++6" \
    --customize-hook='mkdir -p "$1/var/task" "$1/opt"' \
    --customize-hook="copy-in $stage/runtime /var" \
    "$suite" - |
    docker import \
        --change "LABEL headrace.recipe=$recipe" \
        --change "ENV LANG=C.UTF-8 LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime" \
        --change "ENV PYTHONPATH=$packages LD_LIBRARY_PATH=/var/task:/var/task/lib:/opt/lib" \
        --change "WORKDIR /var/task" \
        - "$name" > /dev/null
echo "$name is made"
