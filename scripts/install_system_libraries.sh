#!/bin/sh
# Installs the system libraries that Qt needs when they are missing: on Debian and Ubuntu, as root or with sudo
# that asks for no password. Elsewhere, or when that fails, one line names what to install and the caller goes on,
# because a library may also come from a place that this script does not know.
# On Debian the interpreter needs python3-venv to make an environment, so that is looked for as well.
#
# usage: [PYTHON=NAME] install_system_libraries.sh [--for-tests]

[ "$(uname -s)" = Linux ] || exit 0

# library that Qt loads : Debian package that holds it
libraries='
libEGL.so.1:libegl1
libGL.so.1:libgl1
libglib-2.0.so.0:libglib2.0-0
libxkbcommon-x11.so.0:libxkbcommon-x11-0
libdbus-1.so.3:libdbus-1-3
libfontconfig.so.1:libfontconfig1
libxcb-cursor.so.0:libxcb-cursor0
libxcb-icccm.so.4:libxcb-icccm4
libxcb-keysyms.so.1:libxcb-keysyms1
libxcb-shape.so.0:libxcb-shape0
libxcb-image.so.0:libxcb-image0
libxcb-render-util.so.0:libxcb-render-util0
libxcb-xinerama.so.0:libxcb-xinerama0
'

known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null)
missing=''
for entry in $libraries; do
    case "$known" in
        *"${entry%%:*}"*) ;;
        *) missing="$missing ${entry#*:}" ;;
    esac
done

# Without a single font every text is a row of boxes.
fonts=$(find /usr/share/fonts /usr/local/share/fonts "$HOME/.fonts" "$HOME/.local/share/fonts" \
    \( -name '*.ttf' -o -name '*.otf' -o -name '*.ttc' \) 2>/dev/null | head -n 1)
[ -n "$fonts" ] || missing="$missing fonts-inter fonts-dejavu-core"

if [ ! -x .venv/bin/python ] && ! "${PYTHON:-python3}" -c 'import ensurepip' >/dev/null 2>&1; then
    missing="$missing python3-venv"
fi

if [ "${1:-}" = --for-tests ]; then
    command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
    command -v xdotool >/dev/null 2>&1 || missing="$missing xdotool"
fi

[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
    as_root=''
    if [ "$(id -u)" -ne 0 ]; then
        as_root='sudo -n'
        sudo -n true 2>/dev/null || as_root=refused
    fi
    if [ "$as_root" != refused ]; then
        echo "Installing system libraries:$missing"
        export DEBIAN_FRONTEND=noninteractive
        $as_root apt-get update -qq >/dev/null 2>&1
        # shellcheck disable=SC2086  # both variables are lists of words
        $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null 2>&1 && exit 0
    fi
    echo "Please install the missing system libraries: sudo apt-get install$missing" >&2
else
    echo "Please install what holds these system libraries (Debian's names):$missing" >&2
fi
exit 0
