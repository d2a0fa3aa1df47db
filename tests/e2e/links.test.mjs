// Names that another user makes in a followed directory are no way to read what the administrator did not name. Method: the server runs as
// root; everything in the followed directory belongs to user 1000, who plants every kind of name and exchanges names as fast as it can; a
// secret holds a canary, which must come out nowhere: not from streams, the past, the status, metrics or the log, and not after a restart.
// Only root can play both parts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { binary, get, get_json, one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const user = 1000;
const canary = 'canary-52d1';
const may_play = process.getuid() === 0;

// Runs as the user, with `exchange(one, other)` to do it in one step.
function as_user(world, script) {
    const head = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
os.setgroups([]); os.setgid(${user}); os.setuid(${user})
os.chdir(${JSON.stringify(world.path('logs'))})
def exchange(one, other):
    libc.renameat2(-100, one.encode(), -100, other.encode(), 2)
`;
    return world.run('python3', ['-c', head + script]);
}

async function done(program) {
    assert.deepEqual(await program.ended(), { code: 0, signal: null }, program.seen());
}

// A directory of the user, and a secret of root.
function prepare(world) {
    fs.chmodSync(world.dir, 0o755);
    for (const name of ['logs', 'logs/dir']) {
        fs.mkdirSync(world.path(name));
        fs.chownSync(world.path(name), user, user);
    }
    fs.mkdirSync(world.path('vault'));
    for (const name of ['secret.log', 'x.log', 'x.log.1']) fs.writeFileSync(world.path(`vault/${name}`), `${canary}\n`, { mode: 0o600 });
}

function config_of(world, http, monitor = '') {
    return one_stream({ dir: world.path('logs'), http, more: { top: '[state]\nenabled = true\nsync = "none"\n', monitor, httpserver: 'buffer_size = 16\n' } })
        .replace(/targets = .*/, `targets = [{ path = "${world.path('logs')}", recursive = true, from = "beginning" }]`);
}

// Everything that is said to anybody.
async function expect_no_canary(http, server, ...readers) {
    const said = [server.stderr, ...readers.map((reader) => reader.messages().join('\n'))];
    for (const target of ['/status', '/metrics', '/entries?tail=100000']) said.push((await get(http, target)).body);
    for (const text of said) assert.ok(!text.includes(canary), text.slice(0, 2000));
}

test('planted names are not followed, and it is said why', scenario(async (world) => {
    if (!may_play) return;
    prepare(world);
    fs.linkSync(world.path('vault/secret.log'), world.path('logs/hard.log'));
    const secret = world.path('vault/secret.log');
    const held = fs.openSync(secret, 'r');
    await done(as_user(world, `
open('own.txt', 'w').write('own\\n')
os.symlink('own.txt', 'current.log')
os.symlink('${secret}', 'planted.log')
os.symlink('planted.log', 'chain.log')
os.symlink('../vault', 'directory')
os.symlink('/proc/self/root${secret}', 'magic.log')
os.symlink('/proc/${process.pid}/fd/${held}', 'magic2.log')
os.symlink('/dev/zero', 'device.log')
os.mkfifo('fifo.log')
`));
    const [http] = await world.ports(1);
    const server = await world.start({ http, config: config_of(world, http) });
    const reader = await world.sse(http, '/stream?tail=10');
    await reader.message('own');
    const status = await get_json(http, '/status');
    const why = Object.fromEntries(status.watchers.map((row) => [row.path.slice(world.path('logs/').length), row.error]));
    assert.equal(why['current.log'], undefined);
    for (const name of ['planted.log', 'chain.log', 'directory', 'device.log', 'hard.log', 'magic.log', 'magic2.log'])
        assert.match(why[name], /^not followed: /, name);
    assert.match(why['planted.log'], /user 1000 leads to what belongs to user 0/);
    assert.equal(why['fifo.log'], 'not a regular file');
    assert.equal(status.monitor.refused_links, 7);
    assert.equal(server.stderr.match(/planted\.log: .*not followed/g).length, 1);
    await expect_no_canary(http, server, reader);
    fs.closeSync(held);

    // The same from the other commands.
    const ask = (command, ...args) => spawnSync(binary, [command, '-c', world.path('logwisp.toml'), ...args], { encoding: 'utf8' });
    const { streams } = JSON.parse(ask('explain', '--json', world.path('logs/planted.log')).stdout);
    assert.equal(streams[0].code, 'link_refused');
    assert.match(ask('doctor').stdout, /planted\.log" is not followed: a symbolic link of user 1000/);
    assert.doesNotMatch(ask('check').stderr, /may write/);
    fs.chmodSync(world.path('logs'), 0o777);
    assert.match(ask('check').stderr, /everybody may write to ".*logs", and root would read what is there/);
    assert.match(ask('doctor').stdout, /others may write to ".*logs"/);
    const { warnings } = JSON.parse(ask('check', '--json').stdout);
    assert.equal(warnings.length, 1);

    // Let in by the administrator.
    await world.stop(server);
    fs.rmSync(world.path('logs/directory'));
    const open = await world.start({ http, config: config_of(world, http, 'follow_symlinks = "all"\n') });
    await open.complaint('a warning', /logs: everybody may write there/);
    await until('what the link leads to', async () => (await get(http, '/entries?tail=10')).body.includes(canary));
}));

test('names exchanged all the time give nothing away', scenario(async (world) => {
    if (!may_play) return;
    prepare(world);
    await done(as_user(world, `
for name in ['x.log', 'y.log', 'dir/secret.log', 'to.txt']:
    open(name, 'w').write('own\\n')
os.symlink('../vault/secret.log', 'x')
os.symlink('../vault/x.log', 'far')
os.symlink('to.txt', 'y')
os.symlink('../vault', 'elsewhere')
os.mkdir('below')
open('below/x.log', 'w').write('own\\n')
`));
    const [http] = await world.ports(1);
    let server = await world.start({ http, config: config_of(world, http) });
    let reader = await world.sse(http);
    const before = await get_json(http, '/status');
    await done(as_user(world, `
for round in range(6000):
    exchange('x.log', 'x')
    exchange('dir', 'elsewhere')
    exchange('y.log', 'y')
    exchange('y', 'far')
    if round % 500 == 0:
        open('below/x.log', 'a').write('round %d\\n' % round)
`));
    world.append('logs/below/x.log', 'at the end\n');
    await reader.message('at the end');
    assert.ok((await get_json(http, '/status')).monitor.refused_links > before.monitor.refused_links);
    await expect_no_canary(http, server, reader);
    server.expected_exit = null;
    server.signal('SIGKILL');
    await server.ended();
    server = await world.start({ http, config: config_of(world, http) });
    reader = await world.sse(http, '/stream?tail=10000');
    world.append('logs/below/x.log', 'after the start\n');
    await reader.message('after the start');
    await expect_no_canary(http, server, reader);
}));

// What was read is found again by the bytes before its end: a file that has the same ones, and others before.
test('the past is not read from where a name leads now', scenario(async (world) => {
    if (!may_play) return;
    prepare(world);
    const lines = Array.from({ length: 2000 }, (_, number) => `line ${String(number).padStart(6, '0')}\n`);
    world.write('logs/x.log', lines.join(''));
    fs.chownSync(world.path('logs/x.log'), user, user);
    const [http] = await world.ports(1);
    let server = await world.start({ http, config: config_of(world, http) });
    await until('everything', async () => (await get_json(http, '/status')).monitor.total_entries === 2000);
    assert.equal((await get(http, '/entries?tail=2000')).body.match(/line 00/g).length, 2000);
    for (let number = 100; number < 1900; ++number) lines[number] = number % 10 === 0 ? `${canary}\n` : lines[number];
    const twin = lines.join('');
    assert.equal(twin.length, 2000 * 12);
    for (const name of ['secret.log', 'x.log', 'x.log.1']) fs.writeFileSync(world.path(`vault/${name}`), twin, { mode: 0o600 });
    await done(as_user(world, `
os.symlink('../vault/x.log', 'x')
os.rename('x', 'x.log')
`));
    await until('the refusal', async () => (await get_json(http, '/status')).monitor.refused_links === 1);
    await expect_no_canary(http, server);
    await world.stop(server);
    server = await world.start({ http, config: config_of(world, http) });
    await expect_no_canary(http, server);
}));
