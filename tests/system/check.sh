#!/bin/bash
# What an administrator expects of the installed package, asked of a booted system. Run by run.sh, as root, inside it.
set -u
failed=0
step() { # NAME COMMAND...
    local name=$1 begun=$SECONDS
    shift
    if "$@" > /tmp/step 2>&1; then
        echo "ok - $name ($((SECONDS - begun)) s)"
        grep -a 'NOT TESTED\|# SKIP' /tmp/step | sed 's/^/# /'
    else
        echo "not ok - $name"
        failed=$((failed + 1))
        # The tests that failed, from their names on.
        sed '/^not ok /,/^  \.\.\./!{/^# Subtest\|^ok \|^ *---\|^ *\.\.\.\|duration_ms/d}' /tmp/step | sed 's/^/# /' | head -120
        systemctl status logwisp --no-pager 2>&1 | sed 's/^/# /' | tail -25
    fi
}
within() { # SECONDS COMMAND...
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}
serves() { curl -fs http://127.0.0.1:8080/readyz; }
main_pid() { systemctl show -p MainPID --value logwisp; }
heard() { grep -qF "\"message\":\"$1\"" "/tmp/$2"; }
joined() { [ "$(grep -c '^event: connected' "/tmp/$1")" -ge "${2:-1}" ]; }
say() { echo "$1" >> /var/log/app.log; }
status_has() { curl -fs http://127.0.0.1:8080/status | grep -q "$1"; }
reader() { # NAME [ID]: an SSE reader, until it is ended
    : > "/tmp/$1"
    curl -sN ${2:+-H "Last-Event-ID: $2"} http://127.0.0.1:8080/stream > "/tmp/$1" 2> /dev/null &
    reader_pid=$!
    within 20 joined "$1"
}
last_id() { sed -n 's/^id: //p' "/tmp/$1" | tail -1; }
restarted() { # OLD_PID
    [ "$(main_pid)" != 0 ] && [ "$(main_pid)" != "$1" ] && serves
}
logged() { # LEVEL PATTERN: since the last start, with that priority, not one at least as bad
    journalctl "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value logwisp)" -o cat -p "$1..$1" --no-pager | grep -q "$2"
}
exposure_at_most() {
    systemd-analyze security logwisp --no-pager | tail -1
    systemd-analyze security logwisp --no-pager | tail -1 | awk -v most="$1" '{ for (i = 1; i < NF; ++i) if ($i == "exposure") ok = 0; n = $0; sub(/.*: /, "", n); exit (n + 0 <= most ? 0 : 1) }'
}

# What the kernel keeps the service from, and what it can do all the same. 6.1 has version 2 of Landlock, which knows nothing of truncating.
sandbox_is() { # RING_RESTRICTED
    status_has "\"sandbox\":{\"landlock_abi\":2,\"seccomp\":true,\"no_new_privs\":true,\"capabilities\":\[\],\"core_dumps\":false,\"ring_restricted\":$1}"
}
refuses_file() { curl -fs "http://127.0.0.1:8080/status?path=$1" | grep -q 'ermission denied'; }
configured() { # [LINE...]: the package's configuration and more
    cp /tmp/good.toml /etc/logwisp/logwisp.toml
    printf '%s\n' "$@" >> /etc/logwisp/logwisp.toml
}
new_log() { install -m 0640 -o root -g adm /dev/null /var/log/app.log; }
ledger=/var/lib/logwisp/system.ledger
kept_anew() { # What is written makes it look.
    say 'one more'
    [ -s "$ledger" ]
}
confined() { # READER RING_RESTRICTED
    step 'the status says how it is confined' sandbox_is "$2"
    ln -s /srv/outside/secret.log /var/log/planted.log
    step 'a link out of what it may read is refused' within 20 refuses_file /var/log/planted.log
    echo 'the secret again' >> /srv/outside/secret.log
    say "$1 beside it"
    step 'what stands beside it is not' within 20 heard "$1 beside it" "$1"
    step 'nothing came by the link' sh -c "! grep -q 'the secret' /tmp/$1"
    rm /var/log/planted.log
    configured '[[streams]]' 'name = "outside"' '[streams.monitor]' 'targets = [{ path = "/srv/outside" }]' '[streams.httpserver]' 'enabled = true' 'port = 8082'
    step 'a reload that reaches further fails' sh -c '! systemctl reload logwisp'
    step 'with the reason' within 20 logged err 'reload: sandbox: /srv/outside is outside of what may be read since the start'
    configured
    step 'one that does not is taken' systemctl reload logwisp
    mv /var/log/app.log /var/log/app.log.1
    new_log
    say "$1 rotated and longer than what comes"
    step 'a file is rotated' within 20 heard "$1 rotated and longer than what comes" "$1"
    cp /var/log/app.log /var/log/app.log.2
    : > /var/log/app.log
    say "$1 truncated"
    step 'a file is truncated' within 20 heard "$1 truncated" "$1"
    rm "$ledger"
    step 'a ledger that was removed is begun anew' within 60 kept_anew
}

new_log
echo "# kernel $(uname -r), $(systemctl --version | head -1)"

step 'the package installs' dpkg -i /root/logwisp.deb
step 'and the service is started' within 60 systemctl is-active --quiet logwisp
step 'it serves' within 60 serves
step 'as a user of its own' [ "$(ps -o user= -p "$(main_pid)" | tr -d ' ')" = logwisp ]
step 'with io_uring on this kernel' status_has '"backend":"io_uring"'
step 'exposure is 1.5 or lower' exposure_at_most 1.5
step 'a reader joins' reader first
say 'the first line'
step 'a line of a file that group adm may read arrives' within 20 heard 'the first line' first
step 'the journal has what it says, with its priority' logged info 'LogWisp .* with io_uring'
step 'systemctl says what it serves' sh -c 'systemctl show -p StatusText --value logwisp | grep -q .'

# Reload: the reader notices nothing; a bad file changes nothing.
cp /etc/logwisp/logwisp.toml /tmp/good.toml
sed '$a [[streams]]\nname = "more"\n[streams.monitor]\ntargets = [{ path = "/var/log/more.log" }]\n[streams.httpserver]\nenabled = true\nport = 8081\n' /tmp/good.toml > /etc/logwisp/logwisp.toml
step 'a reload' systemctl reload logwisp
step 'has the new stream serve' within 20 curl -fs http://127.0.0.1:8081/readyz
say 'after the reload'
step 'and the reader of the other goes on' within 20 heard 'after the reload' first
echo 'nonsense = 1' >> /etc/logwisp/logwisp.toml
step 'a reload of a bad file fails' sh -c '! systemctl reload logwisp'
step 'the journal has that as an error' logged err 'reload: refused'
say 'after the bad one'
step 'and everything goes on' within 20 heard 'after the bad one' first
configured

# Confined. Everybody may read what is outside, so it is the sandbox that refuses it: without Landlock it arrives.
mkdir /srv/outside
echo 'the secret' > /srv/outside/secret.log
confined first true
configured '[security]' 'landlock = false'
systemctl reset-failed logwisp
step 'restarted without Landlock' systemctl restart logwisp
step 'it serves' within 60 status_has '"landlock_abi":0'
step 'a reader joins' reader open
ln -s /srv/outside/secret.log /var/log/planted.log
echo 'the secret told' >> /srv/outside/secret.log
step 'and hears what came by the link' within 20 heard 'the secret told' open
rm /var/log/planted.log
configured
systemctl restart logwisp
step 'restarted with Landlock' within 60 serves
step 'a reader joins' reader first
say 'before the fall'
step 'and hears' within 20 heard 'before the fall' first

# Killed: started again, and the reader misses nothing.
id=$(last_id first)
pid=$(main_pid)
kill -9 "$pid"
say 'while it was down'
step 'killed it is started again' within 60 restarted "$pid"
step 'a reader comes back with its last id' reader second "$id"
step 'and gets what was written meanwhile' within 20 heard 'while it was down' second

# Frozen: the watchdog ends it.
mkdir -p /etc/systemd/system/logwisp.service.d
printf '[Service]\nWatchdogSec=4\n' > /etc/systemd/system/logwisp.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart logwisp
step 'restarted' within 60 serves
pid=$(main_pid)
kill -STOP "$pid"
step 'frozen it is ended by the watchdog and started again' within 90 restarted "$pid"
rm /etc/systemd/system/logwisp.service.d/watchdog.conf

# Ports that systemd holds, as docs/operation.md says; the socket is named for its server. Restarts refuse nobody.
mkdir -p /etc/systemd/system/logwisp.socket.d
printf '[Socket]\nListenStream=\nListenStream=127.0.0.1:8080\nFileDescriptorName=system/http\n' > /etc/systemd/system/logwisp.socket.d/name.conf
systemctl daemon-reload
step 'the socket unit is there and not enabled' sh -c 'systemctl cat logwisp.socket && ! systemctl is-enabled logwisp.socket && ! systemctl is-active logwisp.socket'
systemctl stop logwisp
step 'it is enabled' systemctl enable --now logwisp.socket
step 'and a connection starts the service' within 60 serves
step 'which has the socket' status_has '"passed_sockets":\[{"name":"system/http","host":"127.0.0.1","port":8080,"serves":"system/http"}\]'
step 'and says so' logged info "system/http listens on the service manager's socket"
mkfifo /tmp/clients-end
node /root/tests/system/clients.mjs 8080 < /tmp/clients-end > /tmp/clients 2>&1 &
clients=$!
exec 9> /tmp/clients-end
client_said() { # PATTERN [TIMES]
    [ "$(grep -c "^$1" /tmp/clients)" -ge "${2:-1}" ]
}
step 'clients come' within 60 client_said joined
say 'restart 0'
step 'and hear' within 60 client_said 'heard: restart 0'
for round in 1 2 3; do
    systemctl reset-failed logwisp  # so many starts in ten seconds are a fault to systemd
    step "restart $round" systemctl restart logwisp
    say "restart $round"
    step 'the reader is back and hears' within 60 client_said "heard: restart $round"
done
echo end >&9
exec 9>&-
step 'the clients end' wait "$clients"
sed 's/^/# clients: /' /tmp/clients
step 'nobody was refused or broken off' grep -q '^[1-9][0-9]* answers, 0 failures' /tmp/clients
grep '^heard: restart' /tmp/clients > /tmp/heard
step 'the reader has every line once' sh -c "printf 'heard: restart %s\\n' 0 1 2 3 | diff - /tmp/heard"
pid=$(main_pid)
kill -9 "$pid"
step 'who connects when it was killed is answered' within 60 curl -fs -m 60 http://127.0.0.1:8080/healthz
systemctl stop logwisp.socket
systemctl disable --quiet logwisp.socket
systemctl reset-failed logwisp
step 'without the socket unit' systemctl restart logwisp
step 'it opens its ports itself' within 60 status_has '"passed_sockets":\[\]'

# A configuration that only root can read: the override of docs/security.md.
install -m 0600 -o root -g root /etc/logwisp/logwisp.toml /etc/logwisp/private.toml
rm /etc/logwisp/logwisp.toml
sed -n '/^```ini/,/^```/p' /root/docs/security.md | grep -v '^```' > /etc/systemd/system/logwisp.service.d/credential.conf
systemctl daemon-reload
step 'with a credential' systemctl restart logwisp
step 'it serves' within 60 serves
step 'whose file the service cannot read itself' sh -c '! runuser -u logwisp -- cat /etc/logwisp/private.toml'
step 'a reload' systemctl reload logwisp
step 'says what it does not do' logged warning 'is a credential'
rm /etc/systemd/system/logwisp.service.d/credential.conf
cp /tmp/good.toml /etc/logwisp/logwisp.toml
rm /etc/logwisp/private.toml
systemctl daemon-reload
systemctl restart logwisp

# Where io_uring is not to be had.
printf '[Service]\nSystemCallFilter=~io_uring_setup\n' > /etc/systemd/system/logwisp.service.d/no-ring.conf
systemctl daemon-reload
systemctl restart logwisp
step 'without io_uring it serves' within 60 serves
step 'with epoll' status_has '"backend":"epoll"'
step 'and says so' logged info 'io_uring is not available'
step 'a reader comes back' reader third "$(last_id second)"
say 'by epoll'
step 'and hears' within 20 heard 'by epoll' third
confined third null
rm /etc/systemd/system/logwisp.service.d/*
systemctl daemon-reload
systemctl restart logwisp

# The end-to-end tests of the core: real files, sockets, curl, logrotate and readers, on this kernel. An emulated machine is slow.
export E2E_PROGRAM=/usr/bin/logwisp E2E_REFUSE=/root/refuse E2E_HANGING_FS=/root/hanging_fs E2E_DEADLINE_MS=120000
half() { # BACKEND OPTION [COMMAND...]: the tests, run by the command
    local backend=$1 option=$2 begun=$SECONDS
    shift 2
    for test in $(cat /root/e2e-tests); do
        E2E_BACKEND=$backend E2E_BACKEND_OPTION=$option step "$test by $backend" "$@" node "/root/tests/e2e/$test.test.mjs"
    done
    echo "# the tests by $backend took $((SECONDS - begun)) s"
}
half io_uring io_uring
# Denied io_uring it takes epoll by itself.
half epoll auto /root/refuse io_uring_setup=EPERM --

# The socket unit goes with the package, enabled or not.
systemctl stop logwisp
systemctl enable --now --quiet logwisp.socket
step 'it serves by the socket' within 60 serves
rm -r /etc/systemd/system/logwisp.socket.d /etc/systemd/system/logwisp.service.d
step 'purged' dpkg -P logwisp
leftovers() {
    find / -xdev \( -path /root -o -path /proc -o -path /sys -o -path /tmp -o -path /var/log/journal \) -prune -o -iname '*logwisp*' -print |
        grep -v '/logwisp-check.service$'
    grep -q ' 0100007F:1F90 [0-9A-F:]* 0A ' /proc/net/tcp && echo 'somebody listens on port 8080'
    pgrep -a logwisp
    systemctl list-units --all --plain --no-legend 'logwisp.*'
}
nothing_is_left() {
    leftovers
    [ -z "$(leftovers)" ]
}
step 'nothing is left' nothing_is_left
[ "$failed" -eq 0 ] && echo '# all passed'
exit "$failed"
