#!/bin/sh
# Makes configure from configure.ac. Needed once in a fresh clone; a release tarball has it.
set -eu
cd "$(dirname "$0")"
command -v autoreconf >/dev/null || {
	echo "autogen.sh: autoreconf is missing: install autoconf and automake" >&2
	exit 1
}
exec autoreconf --install --force --warnings=all
