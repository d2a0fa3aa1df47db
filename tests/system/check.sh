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
journal_has() { journalctl -u logwisp -o cat -p "$1" --no-pager | grep -q "$2"; }
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
step 'the journal has what it says, with its priority' journal_has 6 'LogWisp .* with io_uring'
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

# Where io_uring is not to be had.
printf '[Service]\nSystemCallFilter=~io_uring_setup\n' > /etc/systemd/system/logwisp.service.d/no-ring.conf
systemctl daemon-reload
systemctl restart logwisp
step 'without io_uring it serves' within 60 serves
step 'with epoll' status_has '"backend":"epoll"'
step 'and says so' journal_has 6 'io_uring is not available'
step 'a reader comes back' reader third "$(last_id second)"
say 'by epoll'
step 'and hears' within 20 heard 'by epoll' third
rm -r /etc/systemd/system/logwisp.service.d

# The end-to-end tests of the core: real files, sockets, curl, logrotate and readers, on this kernel. An emulated machine is slow.
export E2E_PROGRAM=/usr/bin/logwisp E2E_REFUSE=/root/refuse E2E_DEADLINE_MS=120000
for backend in io_uring epoll; do
    for test in clients hostile rotation restart history reload limits; do
        E2E_BACKEND=$backend step "$test by $backend" node "/root/tests/e2e/$test.test.mjs"
    done
done

step 'it stops' systemctl stop logwisp
step 'without an error' [ "$(systemctl show -p Result --value logwisp)" = success ]
step 'purged' dpkg -P logwisp
step 'nothing is left' sh -c '! ls -d /etc/logwisp /var/lib/logwisp /usr/bin/logwisp /lib/systemd/system/logwisp.service 2> /dev/null'
[ "$failed" -eq 0 ] && echo '# all passed'
exit "$failed"
