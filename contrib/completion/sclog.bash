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

# The store that the line names, as words for a command.
_sclog_store() {
	local i

	for ((i = 1; i < ${#COMP_WORDS[@]} - 1; i++)); do
		[[ ${COMP_WORDS[i]} == --db ]] || continue
		[[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
		printf '%s\n' --db "${COMP_WORDS[i + 1]}"
	done
}

# Names that the store knows: those of a column of `sclog containers --format csv`. Containers choose
# their names, and compgen -W expands what it is given, so that only plain names are offered.
_sclog_known() {
	local column=$1 store

	shift
	mapfile -t store < <(_sclog_store)
	"$_sclog_program" "${store[@]}" containers --raw --format csv "$@" 2>/dev/null |
		awk -F , -v "column=$column" 'NR > 1 && !/"/ {
			sub(/\r$/, "")
			name = $column == "" && column == 7 ? $5 : $column
			if (name ~ /^[A-Za-z0-9_][A-Za-z0-9_.\/@+-]*$/) print name
		}' | sort -u
}

_sclog_syscalls() {
	"$_sclog_program" explain unconfined --format csv 2>/dev/null |
		awk -F , 'NR > 1 && $3 ~ /^[a-z0-9_]+$/ { print $3 }' | sort -u
}

# Profiles that have a name, with their releases; container: is that of a container of the store.
_sclog_profiles() {
	echo container:
	"$_sclog_program" explain --list-profiles 2>/dev/null | cut -f 1
}

# Values of an option that --help alone does not tell; false where it does.
_sclog_option_value() {
	local current=$2

	case $1 in
	--container) _sclog_words "$(_sclog_known 2)" "$current" ;;
	--image) _sclog_words "$(_sclog_known 4)" "$current" ;;
	--pod) _sclog_words "$(_sclog_known 5)" "$current" ;;
	--namespace) _sclog_words "$(_sclog_known 6)" "$current" ;;
	--node) _sclog_words "$(_sclog_known 7)" "$current" ;;
	--workload) _sclog_words "$(_sclog_known 7 --by workload)" "$current" ;;
	--syscall) _sclog_list "$(_sclog_syscalls)" "$current" ;;
	--profile | --against | --base | --merge | --in-force)
		_sclog_files "$current"
		_sclog_more "$(_sclog_profiles)" "$current"
		[[ ${COMPREPLY[*]} != container: ]] || compopt -o nospace 2>/dev/null
		;;
	*) return 1 ;;
	esac
	return 0
}

# Offers what of the words begins so, beside what is offered already.
_sclog_more() {
	local -a more

	mapfile -t more < <(compgen -W "$1" -- "$2")
	COMPREPLY+=("${more[@]}")
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
	# bash takes container:web apart into three words,
	if [[ $current == ':' && $previous == container ]]; then
		_sclog_words "$(_sclog_known 2)" ''
		return
	elif [[ $previous == ':' && ${COMP_WORDS[COMP_CWORD - 2]} == container ]]; then
		_sclog_words "$(_sclog_known 2)" "$current"
		return
	fi
	# and --format=json, too
	if [[ $current == '=' ]]; then
		current=
	elif [[ $previous == '=' ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $previous == --* ]]; then
		argument=$(_sclog_argument "$command" "$previous")
		if [[ -n $argument ]]; then
			_sclog_option_value "$previous" "$current" && return
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
		[[ $command == explain && -n $current ]] &&
			_sclog_more "$(_sclog_syscalls)" "$current"
		[[ ($command == explain || $command == logmode) && -n $current ]] &&
			_sclog_more "$(_sclog_profiles)" "$current"
		[[ $command == fleet ]] && _sclog_more 'forget init load migrate prune status' "$current"
	fi
}

complete -F _sclog sclog
