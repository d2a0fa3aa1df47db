// Once it runs the service can do little but its work, as root and as another user. Method: the kernel is asked what the process may do, and
// the status page must say the same; what is out of its reach is held out to it by a link and by a reload.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import os from 'node:os';
import path from 'node:path';
import { backend, binary, get_json, one_stream, scenario } from './support/scenario.mjs';
import { run } from './support/program.mjs';
import { until } from './support/until.mjs';

// The sanitizers look into /proc and make system calls of their own.
const sanitized = process.env.E2E_SANITIZED === '1';

// CAP_DAC_READ_SEARCH and CAP_NET_BIND_SERVICE: a reload may name logs of others, and ports below 1024.
const kept_by_root = 0x404n;
const as_nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

// What this kernel can do, as `logwisp check` says: 0 where it has no Landlock.
const landlock_abi = JSON.parse(await run(binary, ['check', '--json'], { cwd: os.tmpdir(), env: { PATH: process.env.PATH } })).sandbox.landlock.abi ?? 0;

// "CapEff" and the like.
const kernel_says = (pid, name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
// Beside those that this test was itself given.
const filters_of_its_own = (pid) => kernel_says(pid, 'Seccomp_filters') - kernel_says('self', 'Seccomp_filters');
const capabilities = (pid, set) => BigInt(`0x${kernel_says(pid, set)}`);

async function started(world, { via = [], more = '' } = {}) {
    const [http] = await world.ports(1);
    if (via.length) fs.chmodSync(world.dir, 0o777);
    const server = await world.start({ http, via, config: more + one_stream({ dir: world.dir, http }), args: ['--state'] });
    const reader = await world.sse(http);
    world.write('app.log', 'a line\n');
    await reader.message('a line');
    const { sandbox } = await get_json(http, '/status');
    return { http, server, reader, sandbox };
}

// setpriv and the like replace themselves by the program: the process is the one that was started.
for (const [who, via] of [['whoever runs this', []], ...(process.getuid() === 0 ? [['an ordinary user', as_nobody]] : [])])
    test(`${who} gains nothing any more and keeps only what serving needs`, scenario(async (world) => {
        const { server, sandbox } = await started(world, { via });
        const root = process.getuid() === 0 && via.length === 0;
        assert.equal(kernel_says(server.pid, 'NoNewPrivs'), '1');
        assert.equal(sandbox.no_new_privs, true);
        for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'])
            assert.equal(capabilities(server.pid, set) & ~(root && !/Inh|Amb/.test(set) ? kept_by_root : 0n), 0n, set);
        if (root) assert.equal(capabilities(server.pid, 'CapBnd') & ~kept_by_root, 0n);
        if (!root) assert.deepEqual(sandbox.capabilities, []);
        assert.match(fs.readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /^Max core file size +[01] +[01] /m);
        assert.equal(sandbox.core_dumps, false);
        if (backend === 'io_uring') assert.equal(sandbox.ring_restricted, true);
        if (backend === 'epoll') assert.equal(sandbox.ring_restricted, null);
        assert.equal(filters_of_its_own(server.pid), sanitized ? 0 : 1);
        assert.equal(sandbox.seccomp, !sanitized);
        assert.equal(sandbox.landlock_abi, landlock_abi);
        await server.complaint('what was given up', sanitized ? /sandbox: .*sanitizer/ : /sandbox: .*system calls filtered, no new privileges/);
    }));

test('core dumps for those who want them', scenario(async (world) => {
    const { server, sandbox } = await started(world, { more: '[security]\ncore_dumps = true\n', via: ['prlimit', '--core=0:1048576'] });
    assert.match(fs.readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /^Max core file size +1048576 /m);
    assert.equal(sandbox.core_dumps, true);
}));

test('what the configuration switches off is off', scenario(async (world) => {
    const { server, sandbox } = await started(world, { more: '[security]\nlandlock = false\nseccomp = "off"\n' });
    assert.equal(filters_of_its_own(server.pid), 0);
    assert.deepEqual([sandbox.landlock_abi, sandbox.seccomp, sandbox.no_new_privs], [0, false, true]);
    await server.complaint('the reasons', /files not restricted \(security.landlock is false\), system calls not filtered \(security.seccomp is off\)/);
}));

// Why a file is not read, as the running server says it.
const reason_in_status = (http, file, reason) =>
    until(`${reason} in the status`, async () => {
        const { watchers } = await get_json(http, `/status?path=${file}`);
        return watchers.some(({ error }) => reason.test(error));
    });

async function explain(world, file) {
    const asked = world.run(binary, ['explain', '--json', '-c', world.path('logwisp.toml'), world.path(file)], { cwd: world.dir });
    await asked.ended();
    return JSON.parse(asked.stdout).streams[0];
}

// A directory that no target names, beside the world's own, with a file that is not to be read.
function elsewhere(world) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'logwisp-e2e-'));
    world.before_stop(() => fs.rmSync(dir, { recursive: true, force: true }));
    fs.writeFileSync(path.join(dir, 'secret.log'), 'the secret\n');
    return dir;
}

for (const more of ['', '[security]\nlandlock = false\n', 'readable'])
    if (landlock_abi > 0)
        test(`a link out of the followed directory is followed only when that is allowed: ${more || 'it is not'}`, scenario(async (world) => {
            const outside = elsewhere(world);
            const security = more === 'readable' ? `[security]\nreadable = ["${outside}"]\n` : more;
            const { http, reader, server } = await started(world, { more: security });
            fs.symlinkSync(path.join(outside, 'secret.log'), world.path('planted.log'));
            if (more) return void (await reader.message('the secret'));
            const reason = /^open: Permission denied by the sandbox: it lies outside of what was granted at the start: name its directory in security\.readable and restart/;
            await reason_in_status(http, world.path('planted.log'), reason);
            await server.complaint('the reason', /WARN app: \S+planted\.log: open: Permission denied by the sandbox: it lies outside/);
            const explained = await explain(world, 'planted.log');
            assert.equal(explained.code, 'confined');
            assert.match(explained.reason, /security\.readable and restart/);
            assert.match(explained.server.watchers[0].error, reason);
            world.append('app.log', 'after it\n');
            await reader.message('after it');
            assert.deepEqual(reader.messages(), ['a line', 'after it']);
        }));

// As under /var/lib, where the unit's state is: what everything stands in is not granted for the sake of one directory.
if (landlock_abi > 0)
    test('a state directory that was removed where everything stands takes a restart, and that is said', scenario(async (world) => {
        const state = fs.mkdtempSync('/tmp/logwisp-e2e-');
        world.before_stop(() => fs.rmSync(state, { recursive: true, force: true }));
        const [http] = await world.ports(1);
        const config = one_stream({ dir: world.dir, http });
        const start = () => world.start({ http, config, args: ['--state'], env: { LOGWISP_STATE_DIRECTORY: state } });
        const server = await start();
        const history = async () => (await get_json(http, '/status')).history;
        assert.deepEqual(await history(), { kept: true, sent_entries: 0 });
        const reader = await world.sse(http);
        fs.rmSync(state, { recursive: true });
        let written = 0;
        const restart_wanted = { kept: true, sent_entries: 0, error: 'the state directory was removed and cannot be made again: restart' };
        await until('the reason in the status', async () => {
            world.append('app.log', `line ${++written}\n`);
            return JSON.stringify(await history()) === JSON.stringify(restart_wanted);
        }, { seen: () => server.seen() });
        await server.complaint('the reason', /ERROR app: its state directory was removed and cannot be made again \(.*Permission denied\): .*restart the service soon/);
        await reader.message(`line ${written}`);
        assert.doesNotMatch(server.stderr, /tried again every second/);
        await world.stop(server);
        await start();
        assert.ok(fs.existsSync(path.join(state, 'app.ledger')));
        assert.deepEqual(await history(), { kept: true, sent_entries: 0 });
    }));

if (landlock_abi > 0 && process.getuid() === 0)
    test('what permissions forbid is not called the sandbox\'s', scenario(async (world) => {
        const outside = elsewhere(world);
        fs.chmodSync(outside, 0o755);
        fs.chmodSync(path.join(outside, 'secret.log'), 0o600);
        const { http, server } = await started(world, { via: as_nobody });
        fs.writeFileSync(world.path('closed.log'), 'x\n', { mode: 0o600 });
        fs.symlinkSync(path.join(outside, 'secret.log'), world.path('planted.log'));
        for (const name of ['closed.log', 'planted.log']) await reason_in_status(http, world.path(name), /^open: Permission denied$/);
        assert.doesNotMatch(server.stderr, /by the sandbox/);
    }));

if (landlock_abi > 0)
    test('a followed directory that was made anew where everything stands takes a restart, and that is said', scenario(async (world) => {
        const logs = fs.mkdtempSync('/tmp/logwisp-e2e-');
        world.before_stop(() => fs.rmSync(logs, { recursive: true, force: true }));
        const [http] = await world.ports(1);
        const config = one_stream({ dir: logs, http, more: { monitor: 'check_interval_ms = 20\n' } });
        const server = await world.start({ http, config });
        const reader = await world.sse(http);
        fs.appendFileSync(path.join(logs, 'app.log'), 'as before\n');
        await reader.message('as before');
        fs.rmSync(logs, { recursive: true });
        fs.mkdirSync(logs);
        fs.writeFileSync(path.join(logs, 'app.log'), 'in another one\n');
        await reason_in_status(http, path.join(logs, 'app.log'), /Permission denied by the sandbox: it or its directory was made anew since the start: restart/);
        await server.complaint('the reason', /WARN app: .*made anew since the start: restart/);
        await world.stop(server);
        await world.start({ http, config: config.replace('pattern =', 'from = "beginning", pattern =') });
        await (await world.sse(http, '/stream?tail=5')).message('in another one');
    }));

if (landlock_abi > 0)
    test('a reload that reaches further is refused and says what to do; named at the start it is taken', scenario(async (world) => {
        const outside = elsewhere(world);
        const [http, more_http] = await world.ports(2);
        const first = one_stream({ dir: world.dir, http });
        const both = first + one_stream({ dir: outside, name: 'more', http: more_http });
        const server = await world.start({ http, config: first });
        world.write('logwisp.toml', both);
        server.signal('SIGHUP');
        await server.complaint('the reason', new RegExp(`reload: sandbox: ${outside} is outside of what may be read since the start`));
        await server.complaint('refused', /the old configuration stays in force/);
        const reader = await world.sse(http);
        world.write('app.log', 'as before\n');
        await reader.message('as before');
        await world.stop(server);

        const security = `[security]\nreadable = ["${outside}"]\n`;
        const again = await world.start({ http, config: security + first });
        world.write('logwisp.toml', security + both);
        again.signal('SIGHUP');
        await again.complaint('taken', /reloaded: 2 streams/);
        const other = await world.sse(more_http);
        fs.appendFileSync(path.join(outside, 'secret.log'), 'no secret any more\n');
        await other.message('no secret any more');
    }));

// In a directory that everything stands in, only the file itself can be read again.
if (landlock_abi > 0)
    test('a configuration file that has taken another one\'s place in /tmp needs a restart, and a reload says so', scenario(async (world) => {
        const [http] = await world.ports(1);
        const file = `/tmp/${path.basename(world.dir)}.toml`;
        world.before_stop(() => fs.rmSync(file, { force: true }));
        fs.writeFileSync(file, one_stream({ dir: world.dir, http }));
        const server = await world.start({ http, args: ['--config', file] });
        fs.appendFileSync(file, '# the same file\n');
        server.signal('SIGHUP');
        await server.complaint('taken', /reloaded: 1 stream/);
        fs.writeFileSync(`${file}.new`, one_stream({ dir: world.dir, http }));
        fs.renameSync(`${file}.new`, file);
        server.signal('SIGHUP');
        await server.complaint('the reason', /reload: \S+\.toml is denied by the sandbox: it or its directory was made anew since the start: restart/);
        await server.complaint('refused', /the old configuration stays in force/);
    }));

if (process.getuid() === 0)
    test('a state directory of another user is written by root as before', scenario(async (world) => {
        fs.mkdirSync(world.path('state'), { mode: 0o700 });
        fs.chownSync(world.path('state'), 65534, 65534);
        const { server, sandbox } = await started(world);
        assert.deepEqual(sandbox.capabilities, ['dac_override', 'dac_read_search', 'net_bind_service']);
        fs.rmSync(world.path('state/app.ledger'));
        await until('the ledger is begun anew', () => {
            world.append('app.log', 'a line more\n');
            return fs.existsSync(world.path('state/app.ledger'));
        }, { seen: () => server.seen() });
    }));

// What is refused often goes unnoticed: there is another way, only a slower one.
if (!sanitized)
    test('nothing that serving does is refused', scenario(async (world) => {
        const has_strace = await run('strace', ['-o', '/dev/null', 'true']).then(() => true, () => false);
        if (!has_strace) return console.log('# NOT TESTED: no strace here');
        const [http, tcp, other] = await world.ports(3);
        world.write('logs/app.log', 'before\n');
        const config = (port) => one_stream({ dir: world.path('logs'), http: port, tcp, more: { top: '[state]\nsync = "batch"\n' } });
        const trace = world.path('trace');
        const server = await world.start({ http, via: ['strace', '-f', '-qq', '-Z', '-o', trace], config: config(http), args: ['--state'] });
        const by_sse = await world.sse(http);
        const by_tcp = await world.tcp(tcp);
        for (let round = 0; round < 3; ++round) {
            for (let i = 0; i < 200; ++i) world.append('logs/app.log', `line ${round} ${i}\n`);
            await by_sse.message(`line ${round} 199`);
            world.rename('logs/app.log', `logs/app.log.${round}`);
            if (round === 0) await run('gzip', [world.path('logs/app.log.0')]);
            world.write('logs/app.log', `new ${round}\n`);
            await by_sse.message(`new ${round}`);
        }
        await until('the same by TCP', () => by_tcp.messages().includes('new 2'));
        const past = await world.sse(http, '/stream?tail=500');
        await past.message('line 1 0');
        fs.rmSync(world.path('state'), { recursive: true });
        world.append('logs/app.log', 'without a ledger\n');
        world.write('logwisp.toml', config(other));
        // The program that strace runs: strace itself does not end by this signal.
        const pid = Number(fs.readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ')[0]);
        process.kill(pid, 'SIGHUP');
        await server.complaint('reloaded', /reloaded: 1 stream/);
        const moved = await world.sse(other);
        world.append('logs/app.log', 'the end\n');
        await moved.message('the end');
        await run(binary, ['reload', String(pid)]);
        process.kill(pid, 'SIGTERM');
        await server.ended();
        // Where epoll is taken because of it, this one was refused to all.
        const may_be_refused = backend === 'epoll' ? / io_uring_setup\(/ : /^$/;
        const refused = fs.readFileSync(trace, 'utf8').split('\n').filter((line) => /= -1 (EPERM|EACCES)/.test(line) && !may_be_refused.test(line));
        assert.deepEqual(refused, []);
    }));

if (landlock_abi > 0)
    test('a target that makes a directory of the system readable is told, in the log and by check', scenario(async (world) => {
        const [http] = await world.ports(1);
        const config = one_stream({ dir: '/etc/logwisp-e2e-none.log', http });
        const server = await world.start({ http, config });
        const words = /"\/etc\/logwisp-e2e-none\.log" lets the service read all of "\/etc": logs should lie in a directory of their own/;
        await server.complaint('the warning', new RegExp(`WARN sandbox: app: ${words.source}`));
        const checked = world.run(binary, ['check', '-c', world.path('logwisp.toml')]);
        assert.equal((await checked.ended()).code, 0);
        assert.match(checked.stderr, new RegExp(`^\\S+logwisp.toml:\\d+:\\d+: ${words.source}`));
    }));

test('check lists what it will be able to read and to write', scenario(async (world) => {
    const config = world.write('logwisp.toml', one_stream({ dir: world.path('logs'), http: 8080 }));
    fs.mkdirSync(world.path('logs'));
    const env = { PATH: process.env.PATH, LOGWISP_STATE_DIRECTORY: world.path('state') };
    const { sandbox } = JSON.parse(await run(binary, ['check', '--json', '-c', config], { env }));
    const text = await run(binary, ['check', '-c', config], { env });
    if (sanitized) return assert.match(text, /# Files are not restricted: built with a sanitizer\./);
    assert.equal(sandbox.seccomp.filtered, true);
    assert.match(text, /^# System calls are filtered/m);
    if (landlock_abi === 0) return;
    const real = fs.realpathSync(world.dir);
    assert.ok(sandbox.readable.includes(path.join(real, 'logs')), JSON.stringify(sandbox));
    assert.ok(sandbox.writable.includes(real), JSON.stringify(sandbox));
    assert.ok(!sandbox.readable.includes('/'));
    assert.match(text, new RegExp(`^#   read  "${real}/logs"$`, 'm'));
}));
