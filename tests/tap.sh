# shellcheck shell=sh
# tap.sh: test results of shell tests in the Test Anything Protocol. To be sourced:
#
#	. "${srcdir:-.}/tests/tap.sh"
#	is "$("$SCLOG" --version | head -n 1)" "sclog 0.1.0" 'the version'
#	done_testing
#
# It runs under automake's tap-driver.sh, under prove(1) and by hand. The plan comes last
# (done_testing), so a script that dies half-way fails instead of passing with fewer tests.
#
#	srcdir		top of the source tree (automake sets it)
#	SCLOG		the program under test, default ./sclog of the build folder
#	TMP		a fresh folder, removed at the end
#
#	ok STATUS NAME		passes if STATUS is 0: `cmd; ok $? 'cmd works'`
#	is GOT WANT NAME	passes if both strings are equal
#	like GOT REGEX NAME	passes if the extended REGEX matches somewhere in GOT
#	unlike GOT REGEX NAME	passes if it matches nowhere
#	exits WANT NAME CMD...	passes if CMD exits with WANT; its output is in $TMP/out, $TMP/err
#	skip NAME REASON	one test that cannot be run here
#	skip_all REASON		the whole script cannot be run here; exits
#	bail_out REASON		nothing can be tested; exits, and fails
#	diag TEXT		a remark in the log
#	no_leak_checks		AddressSanitizer looks for no leaks at the end of each program
#	at_exit CMD		runs CMD at the end, last registered first, also after a signal
#	done_testing		prints the plan; exits 1 if a test failed

LC_ALL=C.UTF-8
TZ=UTC
export LC_ALL TZ
unset SCLOG_DB SCLOG_NOW NO_COLOR

srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
SCLOG=${SCLOG:-./sclog}
case $SCLOG in
/*) ;;
*) SCLOG=$PWD/$SCLOG ;;
esac
export srcdir SCLOG

tap_count=0
tap_failed=0
tap_at_exit=:
TMP=$(mktemp -d "${TMPDIR:-/tmp}/sclog-test.XXXXXX") || exit 99
export TMP
tap_cleanup() {
	eval "$tap_at_exit"
	rm -rf "$TMP"
}
trap tap_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# For tests that start hundreds of programs which do what other tests let them do, too: to look for
# leaks takes as long as the rest of a short run, and longer on a busy machine.
no_leak_checks() {
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
}

at_exit() {
	tap_at_exit="$1; $tap_at_exit"
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# A '#' in a name would begin a TAP directive, a newline would end the line.
tap_result() {
	tap_count=$((tap_count + 1))
	printf '%s %d - %s\n' "$1" "$tap_count" "$(printf '%s' "$2" | tr '#\n' '. ')$3"
}

ok() {
	if [ "$1" -eq 0 ]; then
		tap_result ok "$2" ''
		return 0
	fi
	tap_failed=$((tap_failed + 1))
	tap_result 'not ok' "$2" ''
	return 1
}

is() {
	[ "$1" = "$2" ]
	ok $? "$3" && return 0
	diag "got:  $1"
	diag "want: $2"
	return 1
}

# A here-document feeds grep, not a pipe: grep -q may close a pipe early.
tap_matches() {
	grep -Eq -e "$2" <<-END
	$1
	END
}

like() {
	tap_matches "$1" "$2"
	ok $? "$3" && return 0
	diag "got: $1"
	diag "does not match: $2"
	return 1
}

unlike() {
	! tap_matches "$1" "$2"
	ok $? "$3" && return 0
	diag "got: $1"
	diag "should not match: $2"
	return 1
}

exits() {
	tap_want=$1
	tap_name=$2
	shift 2
	tap_status=0
	"$@" >"$TMP/out" 2>"$TMP/err" </dev/null || tap_status=$?
	is "$tap_status" "$tap_want" "$tap_name" && return 0
	diag "command: $*"
	sed 's/^/# stderr: /' "$TMP/err"
	return 1
}

skip() {
	tap_result ok "$1" " # SKIP $2"
}

skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

bail_out() {
	printf 'Bail out! %s\n' "$1"
	exit 1
}

done_testing() {
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ] || exit 1
	exit 0
}
