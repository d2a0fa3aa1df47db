#!/bin/bash
# What an administrator expects of the installed package, asked of a booted system. Run by run.sh, as root, inside it.
set -u
failed=0
step() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" > /tmp/step 2>&1; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        failed=$((failed + 1))
        grep -v '^ *\.\.\.\|duration_ms' /tmp/step | sed 's/^/# /' | tail -40
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
logged() { # LEVEL PATTERN: with that priority, not one at least as bad
    journalctl -u logwisp -o cat -p "$1..$1" --no-pager | grep -q "$2"
}
exposure_at_most() {
    systemd-analyze security logwisp --no-pager | tail -1
    systemd-analyze security logwisp --no-pager | tail -1 | awk -v most="$1" '{ for (i = 1; i < NF; ++i) if ($i == "exposure") ok = 0; n = $0; sub(/.*: /, "", n); exit (n + 0 <= most ? 0 : 1) }'
}

install -m 0640 -o root -g adm /dev/null /var/log/app.log
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
cp /tmp/good.toml /etc/logwisp/logwisp.toml

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
rm /etc/systemd/system/logwisp.service.d/*
systemctl daemon-reload
systemctl restart logwisp

# The end-to-end tests of the core: real files, sockets, curl, logrotate and readers, on this kernel. An emulated machine is slow.
export E2E_PROGRAM=/usr/bin/logwisp E2E_REFUSE=/root/refuse E2E_DEADLINE_MS=120000
for backend in io_uring epoll; do
    for test in $(cat /root/e2e-tests); do
        E2E_BACKEND=$backend step "$test by $backend" node "/root/tests/e2e/$test.test.mjs"
    done
done

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
