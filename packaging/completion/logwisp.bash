# Completion of logwisp(1) for bash.
_logwisp() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"
    COMPREPLY=()
    case "$previous" in
        -c | --config)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --backend)
            mapfile -t COMPREPLY < <(compgen -W 'auto io_uring epoll' -- "$current")
            return
            ;;
        --log-level)
            mapfile -t COMPREPLY < <(compgen -W 'debug info warn error' -- "$current")
            return
            ;;
        --log-format)
            mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
            return
            ;;
        --check-interval | --tcp-port | --tcp-buffer-size | --http-port | --http-buffer-size | --host | --cores | --state-directory)
            return
            ;;
    esac
    if [[ "$current" == -* ]]; then
        local options='--config --router --router=false --check-interval --enable-tcp --enable-tcp=false --tcp-port --tcp-buffer-size --enable-http --enable-http=false --http-port --http-buffer-size --host --cores --backend --state --state=false --state-directory --log-level --log-format --version --help'
        case "${COMP_WORDS[1]}" in
            check | doctor | explain) options+=' --json' ;;
            reload) options='--help' ;;
            tail) options='--tail --json --no-color --no-reconnect --help' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    if ((COMP_CWORD == 1)); then
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W 'check doctor explain reload tail' -- "$current")
    fi
}
complete -o filenames -F _logwisp logwisp
