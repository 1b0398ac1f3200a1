# Completion for sclog in bash. Commands, options and their values are asked of `sclog --help` when
# they are needed, so that they are those of the sclog that is called.

# What a command's --help says; without a command, what sclog's own does.
_sclog_help() {
	"$_sclog_program" ${1:+"$1"} --help 2>/dev/null
}

_sclog_commands() {
	_sclog_help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

_sclog_options() {
	_sclog_help "$1" | sed -n 's/^ \{2,6\}\(-[a-zA-Z], \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p'
}

# What --help calls the argument of an option: FILE, ARCH[,ARCH...], text|json|csv; or nothing, which
# is also the answer for one that may be left out and follows an equals sign only, --merge[=FILE].
_sclog_argument() {
	_sclog_help "$1" |
		sed -n "s/^ \{2,6\}\(-[a-zA-Z], \)\{0,1\}$2 \([^ ]\{1,\}\).*/\2/p" | head -n 1
}

# The names in "ARCH is one of: x86_64, x86 ...", which may go on over several lines.
_sclog_names() {
	_sclog_help "$1" | awk -v "head=$2 is one of: " '
		index($0, head) == 1 { found = 1; $0 = substr($0, length(head) + 1) }
		found { last = !/,$/; gsub(/,/, ""); print; if (last) exit }'
}

# The command among the words before the one at hand; options of all commands may precede it.
_sclog_command() {
	local i argument

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--*)
			argument=$(_sclog_argument '' "${COMP_WORDS[i]}")
			[[ -n $argument && ${COMP_WORDS[i + 1]} != '=' ]] && ((i++))
			[[ -n $argument && ${COMP_WORDS[i + 1]} == '=' ]] && ((i += 2))
			;;
		-*) ;;
		*)
			printf '%s\n' "${COMP_WORDS[i]}"
			return
			;;
		esac
	done
}

_sclog_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_sclog_folders() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -d -- "$1")
}

_sclog_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# A comma list: what stands before the last comma stays.
_sclog_list() {
	local done=

	[[ $2 == *,* ]] && done=${2%,*},
	mapfile -t COMPREPLY < <(compgen -P "$done" -W "$1" -- "${2##*,}")
	compopt -o nospace 2>/dev/null
}

_sclog_value() {
	local command=$1 argument=$2 current=$3

	argument=${argument//\[@VER\]/}
	case $argument in
	*'|TIME')
		argument=${argument%TIME}
		_sclog_words "${argument//|/ } 15m 1h 24h 7d today yesterday" "$current"
		;;
	*'|'*) _sclog_words "${argument//|/ }" "$current" ;;
	'NAME[,'*) _sclog_list 'auto audit syslog netlink journal kmsg stdin' "$current" ;;
	'PHASE[,'*) _sclog_list 'application setup exec' "$current" ;;
	*'[,'*) _sclog_list "$(_sclog_names "$command" "${argument%%[*}")" "$current" ;;
	FILE | PATH) _sclog_files "$current" ;;
	DIR) _sclog_folders "$current" ;;
	ACTION) _sclog_words "$(_sclog_names "$command" ACTION)" "$current" ;;
	ERRNO) _sclog_words 'ENOSYS EPERM EACCES' "$current" ;;
	GROUP) mapfile -t COMPREPLY < <(compgen -g -- "$current") ;;
	TIME) _sclog_words '15m 1h 24h 7d now today yesterday' "$current" ;;
	*) COMPREPLY=() ;;
	esac
}

_sclog() {
	local _sclog_program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]} command argument

	COMPREPLY=()
	command=$(_sclog_command)
	# bash takes --format=json apart into three words.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $previous == '=' ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $previous == --* ]]; then
		argument=$(_sclog_argument "$command" "$previous")
		if [[ -n $argument ]]; then
			_sclog_value "$command" "$argument" "$current"
			return
		fi
	fi
	if [[ $current == -* ]]; then
		_sclog_words "$(_sclog_options "$command")" "$current"
	elif [[ -z $command ]]; then
		_sclog_words "$(_sclog_commands) help" "$current"
	elif [[ $command == help ]]; then
		_sclog_words "$(_sclog_commands)" "$current"
	else
		_sclog_files "$current"
	fi
}

complete -F _sclog sclog
