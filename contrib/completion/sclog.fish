# Completion for sclog in fish. Commands, options and their values are asked of `sclog --help` when
# they are needed, so that they are those of the sclog that is called.

command -q sclog; or return

function __sclog_commands
    sclog --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\)  *\(.*\)/\1\t\2/p'
    printf 'help\texplain a command\n'
end

# The command that stands on the line already, if one does.
function __sclog_command
    set -l names (__sclog_commands | cut -f 1)
    for word in (commandline -opc)[2..-1]
        if contains -- $word $names
            echo $word
            return 0
        end
    end
    return 1
end

function __sclog_help
    sclog (__sclog_command) --help 2>/dev/null
end

# What --help calls the argument of an option: FILE, ARCH[,ARCH...], text|json|csv; or nothing. One
# that may be left out, --merge[=FILE], follows an equals sign only.
function __sclog_argument
    if string match -qr '^--[a-z-]+=' -- (commandline -ct)
        __sclog_help | sed -n "s/^ \{2,6\}$argv[1]\[=\([^]]*\)\].*/\1/p" | head -n 1
    end
    __sclog_help | sed -n "s/^ \{2,6\}\(-[a-zA-Z], \)\{0,1\}$argv[1] \([^ ]\{1,\}\).*/\2/p" | head -n 1
end

# The names in "ARCH is one of: x86_64, x86 ...", which may go on over several lines.
function __sclog_names
    __sclog_help | awk -v "head=$argv[1] is one of: " '
        index($0, head) == 1 { found = 1; $0 = substr($0, length(head) + 1) }
        found { last = !/,$/; gsub(/,/, ""); print; if (last) exit }' | string split -n ' '
end

# The option whose value is being typed: --format js, or --format=js.
function __sclog_option
    set -l current (commandline -ct)
    set -l words (commandline -opc)
    if string match -qr '^--[a-z-]+=' -- $current
        string replace -r '=.*' '' -- $current
    else if string match -qr '^--[a-z-]+$' -- $words[-1]
        echo $words[-1]
    end
end

# Names that the store knows: those of a column of `sclog containers --format csv`. Containers choose
# their names, so that only plain ones are offered.
function __sclog_known
    set -l column $argv[1]
    set -l words (commandline -opc)
    set -l store
    for i in (seq 2 (count $words))
        string match -q -- '--db=*' $words[$i]; and set store --db (string replace -- '--db=' '' $words[$i])
        test "$words[$i]" = --db; and set store --db $words[(math $i + 1)]
    end
    sclog $store containers --raw --format csv $argv[2..-1] 2>/dev/null |
        awk -F , -v "column=$column" 'NR > 1 && !/"/ {
            sub(/\r$/, "")
            name = $column == "" && column == 7 ? $5 : $column
            if (name ~ /^[A-Za-z0-9_][A-Za-z0-9_.\/@+-]*$/) print name
        }' | sort -u
end

function __sclog_syscalls
    sclog explain unconfined --format csv 2>/dev/null |
        awk -F , 'NR > 1 && $3 ~ /^[a-z0-9_]+$/ { print $3 }' | sort -u
end

# Profiles that have a name, with their releases, and those of the store's containers.
function __sclog_profiles
    sclog explain --list-profiles 2>/dev/null | cut -f 1
    __sclog_known 2 | string replace -r '^' 'container:'
end

# Values of an option that --help alone does not tell: what stands before the last comma stays.
function __sclog_option_values
    switch $argv[1]
        case --container
            __sclog_known 2
        case --image
            __sclog_known 4
        case --pod
            __sclog_known 5
        case --namespace
            __sclog_known 6
        case --node
            __sclog_known 7
        case --workload
            __sclog_known 7 --by workload
        case --syscall
            set -l done (string match -r '^.*,' -- $argv[2]; or true)
            __sclog_syscalls | string replace -r '^' -- "$done"
        case --profile --against --base --merge --in-force
            __fish_complete_path $argv[2]
            __sclog_profiles
    end
end

function __sclog_values
    set -l option (__sclog_option)
    set -l argument (__sclog_argument $option | string replace -a '[@VER]' '')
    set -l current (commandline -ct)
    set -l prefix ''
    if string match -q -- '*=*' $current
        set prefix (string replace -r '=.*' '=' -- $current)
        set current (string replace -r '^[^=]*=' '' -- $current)
    end
    if contains -- $option --container --image --pod --namespace --node --workload --syscall \
            --profile --against --base --merge --in-force
        __sclog_option_values $option $current | string replace -r '^' -- "$prefix"
        return
    end
    switch $argument
        case '*|TIME'
            string split '|' -- (string replace TIME '15m|1h|24h|7d|today|yesterday' -- $argument) |
                string replace -r '^' -- "$prefix"
        case '*|*'
            string split '|' -- $argument | string replace -r '^' -- "$prefix"
        case ACTION
            __sclog_names ACTION | string replace -r '^' -- "$prefix"
        case ERRNO
            printf "$prefix%s\n" ENOSYS EPERM EACCES
        case '*[,*'
            set -l done $prefix(string match -r '^.*,' -- $current; or true)
            test -n "$done"; or set done $prefix
            set -l names (__sclog_names (string replace -r '\[.*' '' -- $argument))
            string match -q 'PHASE*' -- $argument; and set names application setup exec
            printf '%s\n' $names | string replace -r '^' -- "$done"
        case FILE PATH
            __fish_complete_path $current | string replace -r '^' -- "$prefix"
        case DIR
            __fish_complete_directories $current | string replace -r '^' -- "$prefix"
        case GROUP
            __fish_complete_groups
        case TIME
            printf "$prefix%s\n" 15m 1h 24h 7d now today yesterday
    end
end

function __sclog_wants_value
    set -l option (__sclog_option)
    test -n "$option"; and test -n "$(__sclog_argument $option)"
end

function __sclog_options
    __sclog_help | sed -n 's/^ \{2,6\}\(-[a-zA-Z], \)\{0,1\}\(--[a-z][a-z-]*\).*/\2/p'
end

function __sclog_wants_option
    not __sclog_wants_value; and string match -q -- '-*' (commandline -ct)
end

function __sclog_wants_command
    not __sclog_wants_value; and not __sclog_command >/dev/null
end

function __sclog_wants_file
    not __sclog_wants_value; and __sclog_command >/dev/null
end

function __sclog_explains
    __sclog_wants_file; and test "$(__sclog_command)" = explain; and test -n "$(commandline -ct)"
end

complete -c sclog -f
complete -c sclog -n __sclog_wants_value -a '(__sclog_values)'
complete -c sclog -n __sclog_wants_option -a '(__sclog_options)'
complete -c sclog -n __sclog_wants_command -a '(__sclog_commands)'
complete -c sclog -n __sclog_wants_file -F
complete -c sclog -n 'test "$(__sclog_command)" = fleet' -a 'forget init load migrate prune status'
complete -c sclog -n __sclog_explains -a '(__sclog_syscalls; __sclog_profiles)'
complete -c sclog -n '__sclog_wants_file; and test "$(__sclog_command)" = logmode' -a '(__sclog_profiles)'
