// Sockets of the service manager: used by address or by name, on every core; what cannot be used is said; who connects while the process is
// restarted, or its port is not configured, is answered later. Method: systemd-socket-activate passes real sockets; where the process is
// started again, a shell that it started holds them meanwhile.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { get, get_json, one_stream, scenario } from './support/scenario.mjs';
import { EventStreamReader } from './support/sse.mjs';
import { until } from './support/until.mjs';

const activator = 'systemd-socket-activate';
if (spawnSync(activator, ['--version']).error) {
    console.log(`# NOT TESTED: ${activator} is not there`);
    process.exit(0);
}

// It passes no other variables on.
function activate(world, listen, { names = [], options = [] } = {}) {
    const variables = { LOGWISP_STATE_DIRECTORY: world.path('state'), XDG_CONFIG_HOME: world.dir };
    for (const name of ['ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS'])
        if (process.env[name]) variables[name] = process.env[name];
    return [
        activator,
        ...listen.map((address) => `--listen=${address}`),
        ...(names.length ? [`--fdname=${names.join(':')}`] : []),
        ...Object.entries(variables).map(([name, value]) => `--setenv=${name}=${value}`),
        ...options,
    ];
}

// Connecting starts the program; before that there must be something to connect to.
async function listening(server, count = 1) {
    await server.complaint('its sockets', new RegExp(`Listening on .* as ${2 + count}\\.`));
    return server;
}

// A connection whose answer is waited for later.
function ask_later(world, port, target = '/healthz') {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const client = { text: '', connected: false };
    socket.setEncoding('utf8').on('data', (text) => (client.text += text)).on('error', (error) => (client.error = error));
    socket.once('connect', () => (client.connected = true));
    socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`);
    world.keep({ close: () => socket.destroy() });
    return client;
}

function is_passed(pid, descriptor) {
    const flags = /flags:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8'))[1];
    return (parseInt(flags, 8) & 0o2000000) !== 0;
}

for (const cores of ['1', '2'])
    test(`${cores} core(s): by the address, without a name`, scenario(async (world) => {
        const [http, tcp] = await world.ports(2);
        const via = activate(world, [`127.0.0.1:${http}`, `127.0.0.1:${tcp}`]);
        const server = await world.start({ http, via, config: one_stream({ dir: world.dir, http, tcp }), args: ['--cores', cores] });
        assert.deepEqual((await get_json(http, '/status')).passed_sockets.map(({ port, serves }) => [port, serves]), [[http, 'app/http'], [tcp, 'app/tcp']]);
        await server.complaint('word about it', new RegExp(`app/tcp listens on the service manager's socket .*127\\.0\\.0\\.1:${tcp}`));
        assert.ok(is_passed(server.pid, 3) && is_passed(server.pid, 4), 'closed on exec');
        const readers = [];
        for (let i = 0; i < 6; ++i) readers.push(await world.sse(http), await world.tcp(tcp));
        await until('all of them', async () => Object.values((await get_json(http, '/status')).clients).slice(0, 2).join() === '6,6');
        world.append('app.log', 'to everybody\n');
        for (const reader of readers) await reader.message('to everybody');
    }));

test('by name: the socket says where the server listens', scenario(async (world) => {
    const [configured, http, tcp] = await world.ports(3);
    const via = activate(world, [`127.0.0.1:${tcp}`, `127.0.0.1:${http}`], { names: ['app/tcp', 'app/http'] });
    const config = one_stream({ dir: world.dir, http: configured, tcp: configured + 1 });
    const server = await listening(world.launch({ via, config }), 2);
    const reader = await world.tcp(tcp);
    await server.output('its address', new RegExp(`app: http://127\\.0\\.0\\.1:${http}/stream .* tcp 127\\.0\\.0\\.1:${tcp}`));
    await server.complaint('word about it', /app\/http listens on the service manager's socket "app\/http"/);
    await until('readiness', async () => (await get(http, '/readyz')).status === 200);
    world.append('app.log', 'by name\n');
    await reader.message('by name');
    await assert.rejects(get(configured, '/healthz'), /ECONNREFUSED/);
    // A reload finds it there again.
    server.signal('SIGHUP');
    await server.complaint('a reload', /reloaded: 1 stream/);
    world.append('app.log', 'after the reload\n');
    await reader.message('after the reload');
}));

test('the router, on all addresses', scenario(async (world) => {
    const [http] = await world.ports(1);
    const via = activate(world, [`${http}`], { names: ['router'] });
    const config = one_stream({ dir: world.dir, http: http + 1, more: { top: '[router]\nenabled = true' } });
    await listening(world.launch({ via, config }));
    const { passed_sockets } = await get_json(http, '/status');
    assert.deepEqual(passed_sockets, [{ name: 'router', host: '*', port: http, serves: 'router' }]);
}));

test('one that is no server\'s is told, and harms nobody', scenario(async (world) => {
    const [http, other] = await world.ports(2);
    const via = activate(world, [`127.0.0.1:${other}`], { names: ['web/http'] });
    const server = await listening(world.launch({ via, config: one_stream({ dir: world.dir, http }) }));
    ask_later(world, other);
    await server.complaint('a warning', new RegExp(`socket "web/http" \\(127\\.0\\.0\\.1:${other}\\) is no server's.*FileDescriptorName=`));
    await until('readiness', async () => (await get(http, '/readyz').catch(() => null))?.status === 200);
    assert.deepEqual((await get_json(http, '/status')).passed_sockets, [{ name: 'web/http', host: '127.0.0.1', port: other, serves: null }]);
}));

for (const [what, options, complaint] of [
    ['datagrams', ['--datagram'], /is not of TCP; say ListenStream=/],
    ['connections', ['--accept'], /does not listen; .* say Accept=no/],
])
    test(`${what} are refused`, scenario(async (world) => {
        const [http] = await world.ports(1);
        const via = activate(world, [`127.0.0.1:${http}`], { options });
        const server = world.launch({ via, config: one_stream({ dir: world.dir, http }), expected_exit: what === 'datagrams' ? 78 : null });
        await until('its start', async () => {
            if (what === 'datagrams') spawnSync('bash', ['-c', `echo > /dev/udp/127.0.0.1/${http}`]);
            else ask_later(world, http);
            return complaint.test(server.stderr);
        }, { seen: () => server.seen() });
        if (what === 'datagrams') await server.ended();
    }));

test('a Unix socket is refused', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = world.launch({ via: activate(world, [world.path('sock')]), config: one_stream({ dir: world.dir, http }), expected_exit: 78 });
    // It is there before anybody listens, so it is tried again.
    await until('a word', () => {
        const socket = net.connect(world.path('sock')).on('error', () => {});
        world.keep({ close: () => socket.destroy() });
        return /is a Unix socket; LogWisp serves TCP/.test(server.stderr);
    }, { seen: () => server.seen() });
    await server.ended();
}));

for (const [variables, complaint] of [
    ['LISTEN_FDS=99999999999999999999', /LISTEN_FDS: must be a number from 0 to/],
    ['LISTEN_FDS=-1', /LISTEN_FDS: must be a number from 0 to [0-9]+, not "-1"/],
    ['LISTEN_FDS=1; LISTEN_FDNAMES=a:b', /LISTEN_FDNAMES: 2 names for 1 sockets/],
    ['LISTEN_FDS=1; exec 3<&-', /\(descriptor \d+\): is not open, though LISTEN_FDS counts it/],
    ['LISTEN_FDS=1; LISTEN_FDNAMES="$(printf "\\033[31m")"', /socket "\\u001b\[31m" of the service manager \(descriptor 3\): is no socket/],
])
    test(`${variables}: nothing is started`, scenario(async (world) => {
        const [http] = await world.ports(1);
        const via = ['sh', '-c', `exec 3</dev/null; ${variables}; export LISTEN_PID=$$ LISTEN_FDS ${variables.includes('NAMES') ? 'LISTEN_FDNAMES' : ''}; exec "$@"`, 'sh'];
        const server = world.launch({ via, config: one_stream({ dir: world.dir, http }), expected_exit: 78 });
        await server.ended();
        assert.match(server.stderr, complaint);
    }));

test('those of another process are left alone', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = await world.start({ http, env: { LISTEN_PID: '1', LISTEN_FDS: '1' }, config: one_stream({ dir: world.dir, http }) });
    await server.complaint('word about it', /LISTEN_PID is not this process/);
    assert.deepEqual((await get_json(http, '/status')).passed_sockets, []);
}));

test('a port that a reload takes away comes back with who has waited', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const via = activate(world, [`127.0.0.1:${http}`, `127.0.0.1:${tcp}`]);
    const both = one_stream({ dir: world.dir, http, tcp });
    const server = await world.start({ http, via, config: one_stream({ dir: world.dir, http: tcp, tcp: http + 2 }).replace(`port = ${tcp}`, `port = ${http}`) });
    await server.complaint('a warning', new RegExp(`127\\.0\\.0\\.1:${tcp}\\) is no server's`));
    const early = ask_later(world, tcp);
    await until('connected', () => early.connected);
    for (const round of ['first', 'second']) {
        world.write('logwisp.toml', both);
        server.signal('SIGHUP');
        world.append('app.log', `${round}\n`);
        await until('the port', async () => (await get_json(http, '/status')).passed_sockets[1].serves === 'app/tcp');
        const reader = await world.tcp(tcp);
        // A reader is given what comes once it has been accepted, and so is the one that waited.
        const readers = round === 'first' ? 2 : 1;
        await until('readers', async () => (await get_json(http, '/status')).clients.tcp === readers);
        world.append('app.log', `live ${round}\n`);
        await reader.message(`live ${round}`);
        if (round === 'first') await until('the one that waited', () => early.text.includes('live first'), { seen: () => JSON.stringify(early) });
        world.write('logwisp.toml', one_stream({ dir: world.dir, http }));
        server.signal('SIGHUP');
        await until('the port is gone', async () => (await get_json(http, '/status')).passed_sockets[1].serves === null);
        await reader.end();
    }
}));

// The shell has the sockets; it starts LogWisp for every line that it reads.
const holder = 'while read -r go; do sh -c \'echo "pid $$"; LISTEN_PID=$$ exec "$@"\' sh "$@" 3<&3 || exit 1; echo ended; done';

for (const cores of ['1', '2'])
    test(`${cores} core(s): no connection is lost by restarts, and readers resume`, scenario(async (world) => {
        const [http] = await world.ports(1);
        const via = [...activate(world, [`127.0.0.1:${http}`], { names: ['app/http'] }), 'sh', '-c', holder, 'sh'];
        const config = one_stream({ dir: world.dir, http, more: { top: '[state]\nenabled = true' } });
        const shell = await listening(world.launch({ via, config, args: ['--cores', cores], expected_exit: null }));
        const start = () => shell.child.stdin.write('go\n');
        const pids = () => [...shell.stdout.matchAll(/^pid (\d+)$/gm)].map((found) => Number(found[1]));
        start();

        let asking = true;
        const failures = [];
        let answers = 0;
        const client = async () => {
            while (asking)
                await get(http, '/healthz').then(({ status }) => (status === 200 ? ++answers : failures.push(status)), (error) => failures.push(error.message));
        };
        const heard = [];
        let current;
        const read = async () => {
            let id;
            while (asking) {
                const reader = await EventStreamReader.open(`http://127.0.0.1:${http}/stream`, { Accept: 'text/event-stream', ...(id && { 'Last-Event-ID': id }) });
                current = world.keep(reader);
                await reader.end();
                heard.push(...reader.messages());
                id = reader.parser.events.filter(({ type }) => type === 'message').at(-1)?.id ?? id;
            }
        };
        const clients = [client(), client(), client()];
        const reading = read();
        await until('readiness', async () => (await get(http, '/readyz')).status === 200);
        await until('a reader', async () => (await get_json(http, '/status')).clients.http === 1);
        const lines = [];
        const say = (text) => (lines.push(text), world.append('app.log', `${text}\n`));
        // From the first entry on it has an id to come back with.
        say('the first');
        await current.message('the first');
        for (let round = 1; round <= 5; ++round) {
            say(`up ${round}`);
            process.kill(pids().at(-1), 'SIGTERM');
            await until('its end', () => shell.stdout.split('ended').length > round, { seen: () => shell.seen() });
            say(`down ${round}`);
            const waiting = ask_later(world, http);
            await until('a connection while nobody is there', () => waiting.connected);
            start();
            await until('the answer to it', () => waiting.text.startsWith('HTTP/1.1 200 '), { seen: () => JSON.stringify(waiting) + shell.seen() });
            await until('the reader', async () => (await get_json(http, '/status')).clients.http === 1);
        }
        say('the last');
        await until('the last line', () => current.messages().includes('the last'));
        asking = false;
        await Promise.all(clients);
        process.kill(pids().at(-1), 'SIGTERM');
        await reading;
        shell.child.stdin.end();
        assert.deepEqual(failures, []);
        assert.ok(answers > 0);
        assert.deepEqual(heard, lines);
        await shell.ended();
    }));
