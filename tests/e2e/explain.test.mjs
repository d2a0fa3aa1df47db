// `logwisp explain` says the true reason, and its exit code agrees with what a server does. Method: real files for every reason, asked
// with no server, beside a running one, and after one has ended.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { Holder } from './support/holder.mjs';
import { binary, one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

async function run(world, args, { program = binary, via = [], cwd = world.dir, env = {} } = {}) {
    const [command, ...rest] = [...via, program, 'explain', ...args];
    const clean = { ...process.env, LOGWISP_CONFIG_FILE: undefined, HOME: world.dir, XDG_CONFIG_HOME: world.dir, ...env };
    const asked = world.run(command, rest, { cwd, env: clean });
    const { code } = await asked.ended();
    return { code, text: asked.stdout, errors: asked.stderr };
}

// The answer for the only stream, with the exit code.
async function ask(world, path, options = {}) {
    const { code, text, errors } = await run(world, ['--json', '-c', options.config ?? world.path('explain.toml'), path], options);
    assert.notEqual(text, '', errors);
    const answer = JSON.parse(text);
    return { exit: code, ...answer, ...answer.streams[0] };
}

function configure(world, config) {
    return world.write('explain.toml', config);
}

// A port on which nobody listens: no server is running.
async function without_server(world, targets) {
    const [http] = await world.ports(1);
    return configure(world, one_stream({ dir: world.dir, http }).replace(/targets = .*/, `targets = [${targets}]`));
}

test('every reason by its name, with the exit code', scenario(async (world) => {
    world.write('logs/app.log', 'x\n');
    world.write('logs/app.log.1', 'x\n');
    world.write('logs/debug.log', 'x\n');
    world.write('logs/notes.txt', 'x\n');
    world.write('logs/.hidden.log', 'x\n');
    world.write('logs/sub/app.log', 'x\n');
    world.write('logs/packed.log', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]));
    world.write('elsewhere/app.log', 'x\n');
    world.write('single', 'x\n');
    fs.linkSync(world.path('logs/app.log'), world.path('logs/zz.log'));
    fs.symlinkSync('app.log', world.path('logs/current'));
    fs.symlinkSync('nowhere', world.path('logs/dangling.log'));
    fs.symlinkSync('logs', world.path('link'));
    fs.symlinkSync('loop.log', world.path('logs/loop.log'));
    fs.mkdirSync(world.path('logs/folder.log'));
    execFileSync('mkfifo', [world.path('logs/fifo.log')]);
    const logs = world.path('logs');
    await without_server(world, `{ path = "${logs}", exclude = ["debug*"] }, { path = "${world.path('single')}", is_file = true }, { path = "${world.path('dirs')}", is_file = false }`);
    const rows = [
        ['logs/app.log', 0, 'followed', null],
        ['logs/missing.log', 0, 'missing', /not there: it is waited for/],
        ['logs/dangling.log', 0, 'missing', /symbolic link to "nowhere", which is not there/],
        ['logs/zz.log', 0, 'same_file', /same file as ".*logs\/app.log"/],
        ['logs/current', 0, 'linked_file', /symbolic link to ".*logs\/app.log", which is followed/],
        ['link/app.log', 0, 'followed', null],
        ['./logs//./app.log', 0, 'followed', null],
        ['elsewhere/../logs/app.log', 0, 'followed', null],
        ['logs/app.log.1', 1, 'pattern', /"app.log.1" does not match the pattern "\*.log"/],
        ['logs/notes.txt', 1, 'pattern', /"notes.txt" does not match/],
        ['logs/.hidden.log', 1, 'pattern', /a hidden name needs a pattern that begins with a dot/],
        ['logs/debug.log', 1, 'excluded', /"debug.log" is excluded by "debug\*"/],
        ['logs/sub/app.log', 1, 'not_recursive', /directory "sub" below it, and recursive is off/],
        ['elsewhere/app.log', 1, 'other_name', /neither ".*" nor below it/],
        ['/etc/hostname', 1, 'elsewhere', /neither ".*" nor below it/],
        ['single/app.log', 1, 'names_file', /only ".*single" itself is meant/],
        ['dirs', 1, 'names_directory', /is_file = false/],
        ['logs/fifo.log', 1, 'not_regular', /a FIFO: only regular files/],
        ['logs/folder.log', 1, 'not_regular', /a directory: only regular files/],
        ['logs/packed.log', 1, 'compressed', /compressed/],
        ['logs/loop.log', 1, 'unreadable', /Too many levels of symbolic links/],
    ];
    for (const [name, exit, code, reason] of rows) {
        const path = name.startsWith('/') || name.startsWith('.') ? name : world.path(name);
        const answer = await ask(world, path);
        assert.deepEqual([answer.exit, answer.code, answer.followed], [exit, code, exit === 0], `${name}: ${JSON.stringify(answer)}`);
        if (reason) assert.match(answer.reason, reason, name);
        else assert.equal(answer.reason, null, name);
        assert.match(answer.server.error, /refused/, name);
    }
    const { target } = await ask(world, world.path('logs/debug.log'));
    assert.equal(target.path, logs);
    // A relative path is one from where the command runs.
    assert.equal((await ask(world, 'app.log', { cwd: logs })).exit, 0);
    assert.equal((await ask(world, 'app.log', { cwd: world.dir })).exit, 1);
}));

test('a target that leads through symbolic links means the files at their end', scenario(async (world) => {
    world.write('real/app.log', 'x\n');
    world.write('real/other.log', 'x\n');
    fs.symlinkSync('real', world.path('by_link'));
    await without_server(world, `{ path = "${world.path('by_link')}" }`);
    for (const name of ['real/app.log', 'by_link/app.log']) assert.equal((await ask(world, world.path(name))).exit, 0, name);
    fs.symlinkSync('real/app.log', world.path('current'));
    await without_server(world, `{ path = "${world.path('current')}" }`);
    for (const [name, exit] of [['current', 0], ['real/app.log', 0], ['real/other.log', 1]]) assert.equal((await ask(world, world.path(name))).exit, exit, name);
}));

test('what else is to be known: links, copies, other names', scenario(async (world) => {
    world.write('app.log', 'x\n');
    world.write('app.log.1', 'x\n');
    world.write('far/end.txt', 'x\n');
    fs.symlinkSync('far/end.txt', world.path('apparent.log'));
    fs.symlinkSync('/proc/uptime', world.path('app.proc'));
    await without_server(world, `{ path = "${world.dir}", pattern = "app*" }`);
    const { notes } = await ask(world, world.path('apparent.log'));
    assert.match(notes.join(), /a symbolic link to ".*far\/end.txt"/);
    const refused = await ask(world, world.path('app.proc'));
    assert.deepEqual([refused.exit, refused.code], [1, 'link_refused']);
    assert.match(refused.reason, /where the kernel shows itself.*: not followed/);
    assert.match((await ask(world, world.path('app.log.1'))).notes.join(), /name of a rotated copy of "app.log"/);
    assert.match((await ask(world, world.path('app.log'))).notes.join(), /from = "end"/);
}));

test('no permission: for whom', scenario(async (world) => {
    world.write('logs/secret.log', 'x\n');
    world.write('closed/app.log', 'x\n');
    await without_server(world, `{ path = "${world.path('logs')}" }, { path = "${world.path('closed')}" }`);
    // The tests may run as root, whom nothing is forbidden.
    const root = process.getuid() === 0;
    const program = world.path('logwisp');
    fs.copyFileSync(binary, program);
    fs.chmodSync(program, 0o755);
    fs.chmodSync(world.dir, 0o755);
    fs.chmodSync(world.path('logs/secret.log'), 0o000);
    fs.chmodSync(world.path('closed'), 0o711);
    if (!root) fs.chmodSync(world.path('closed'), 0o311);
    const via = root ? ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'] : [];
    const secret = await ask(world, world.path('logs/secret.log'), { via, program });
    assert.deepEqual([secret.exit, secret.code], [1, 'unreadable']);
    assert.match(secret.reason, /secret.log" cannot be read: Permission denied, tried as .*\(user \d+\)/);
    const closed = await ask(world, world.path('closed/app.log'), { via, program });
    assert.deepEqual([closed.exit, closed.code], [1, 'unlistable']);
    assert.match(closed.reason, /closed" cannot be listed: Permission denied/);
    fs.chmodSync(world.path('closed'), 0o755);
}));

test('a running server says where it stands, what happened, and what it cannot read', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('packed.log', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0]));
    // Relative targets: the server's names are relative then.
    const config = one_stream({ dir: '.', http });
    configure(world, config);
    await world.start({ http, config });
    const reader = await world.sse(http);
    world.append('app.log', 'one\n');
    await reader.message('one');
    world.rename('app.log', 'app.log.1');
    world.append('app.log', 'two\nthree\n');
    await reader.message('three');

    const answer = await ask(world, 'app.log');
    assert.deepEqual([answer.exit, answer.followed, answer.name], [0, true, 'app.log']);
    const row = answer.server.watchers.find((one) => !one.draining);
    assert.deepEqual([row.position, row.entries, row.rotations], [10, 3, 1]);
    assert.equal(row.rotation_history[0].reason, 'inode change');
    assert.equal(row.identity.inode, fs.statSync(world.path('app.log')).ino);
    assert.ok(row.last_event.kind);
    // The same by a name the server does not use, and from elsewhere, with the absolute target this makes.
    configure(world, one_stream({ dir: world.dir, http }));
    assert.deepEqual((await ask(world, world.path('app.log'), { cwd: '/' })).exit, 0);

    const { text, code } = await run(world, ['-c', world.path('explain.toml'), 'app.log']);
    assert.equal(code, 0);
    assert.match(text, /^app: followed$/m);
    assert.match(text, /read up to byte 10 of 10, 3 entries/);
    assert.match(text, /rotation #1 at \S+: inode change/);
    // What was rotated away is read on for a while, though no target wants its name.
    const old = await ask(world, 'app.log.1');
    assert.deepEqual([old.exit, old.code], [0, 'pattern']);
    assert.equal(old.server.watchers[0].draining, true);
    const packed = await ask(world, 'packed.log');
    assert.deepEqual([packed.exit, packed.followed, packed.server.watchers[0].error], [1, false, 'compressed']);
    // A server that runs with another configuration does not follow what this one asks for.
    world.write('new.txt', 'x\n');
    configure(world, one_stream({ dir: world.dir, http }).replace('*.log', '*.txt'));
    const changed = await run(world, ['-c', world.path('explain.toml'), 'new.txt']);
    assert.equal(changed.code, 1);
    assert.match(changed.text, /it does not know this file; does it run with this configuration\?/);
}));

test('behind a router; something else on the port', scenario(async (world) => {
    const [port, other] = await world.ports(2);
    world.write('a/app.log', '');
    const stream = (name, http = port) => one_stream({ dir: world.path(name), name, http });
    const config = configure(world, stream('a') + stream('b'));
    await world.start({ http: port, config: stream('a') + stream('b'), args: ['--router'] });
    const { text, code } = await run(world, ['--router', '--json', '-c', config, world.path('a/app.log')]);
    assert.equal(code, 0);
    const { streams } = JSON.parse(text);
    assert.deepEqual(streams.map(({ stream: name, followed, server }) => [name, followed, server.url]), [
        ['a', true, `http://127.0.0.1:${port}/a/status`],
        ['b', false, `http://127.0.0.1:${port}/b/status`],
    ]);
    // Without the router it is asked where the router has a page for all streams.
    configure(world, stream('a'));
    assert.match((await ask(world, world.path('a/app.log'))).server.error, /something else answers there/);
    configure(world, stream('c'));
    assert.match((await run(world, ['--router', '-c', config, world.path('c/app.log')])).text, /none answers at .*\(it says 404\)/);
    configure(world, stream('a', other));
    assert.match((await ask(world, world.path('a/app.log'))).server.error, /refused/);
}));

test('a port that systemd holds is not asked, for that would start the service', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('app.log', 'x\n');
    configure(world, one_stream({ dir: world.dir, http }));
    const holder = await Holder.at(world, http, { name: 'systemd' });
    const { exit, code, server } = await ask(world, 'app.log');
    assert.deepEqual([exit, code], [0, 'followed']);
    assert.match(server.error, /systemd holds the port; to ask would start the service/);
    await holder.heard_of_nobody();
}));

test('a server that stands still is not waited for', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    configure(world, config);
    world.write('app.log', '');
    const server = await world.start({ http, config });
    server.signal('SIGSTOP');
    // Not before each of its threads has heard it.
    const stopped = (thread) => /^\d+ \(.*\) T /.test(fs.readFileSync(`/proc/${server.pid}/task/${thread}/stat`, 'utf8'));
    await until('all threads to stand still', () => fs.readdirSync(`/proc/${server.pid}/task`).every(stopped));
    const answer = await ask(world, world.path('app.log'));
    server.signal('SIGCONT');
    assert.match(answer.server.error, /no answer in time/);
    assert.deepEqual([answer.exit, answer.code], [0, 'followed']);
}));

test('after the server has ended its ledger is asked', scenario(async (world) => {
    const [http] = await world.ports(1);
    const top = `[state]\nenabled = true\ndirectory = "${world.path('state')}"\n`;
    const config = one_stream({ dir: world.path('logs'), http, more: { top } });
    configure(world, config);
    world.write('logs/app.log', '');
    const server = await world.start({ http, config });
    const reader = await world.sse(http);
    world.append('logs/app.log', 'one\n');
    await reader.message('one');
    world.rename('logs/app.log', 'logs/app.log.1');
    world.append('logs/app.log', 'two\n');
    await reader.message('two');
    reader.close();
    await world.stop(server);
    const before = fs.readFileSync(world.path('state/app.ledger'));
    const answer = await ask(world, world.path('logs/app.log'));
    assert.deepEqual([answer.exit, answer.code], [0, 'followed']);
    assert.equal(answer.ledger.files.length, 1);
    const [file] = answer.ledger.files;
    assert.deepEqual([file.path, file.this_file, file.position, file.entries, file.rotations, file.closed], [world.path('logs/app.log'), true, 4, 2, 1, false]);
    assert.deepEqual(file.rotation_history.map(({ number, reason }) => [number, reason]), [[1, 'inode change']]);
    assert.match((await run(world, ['-c', world.path('explain.toml'), world.path('logs/app.log')])).text, /ledger: .*app.log: read up to byte 4, 2 entries, 1 rotation/);
    // Only looked at.
    assert.deepEqual(fs.readFileSync(world.path('state/app.ledger')), before);
    // The history goes on after a restart.
    await world.start({ http, config });
    const row = (await ask(world, world.path('logs/app.log'))).server.watchers[0];
    assert.deepEqual([row.rotations, row.rotation_history.length], [1, 1]);
}));

test('a name shows what it is made of and does nothing to the terminal', scenario(async (world) => {
    const evil = 'x\x1b]0;title\x07\r\n\u202e.log';
    world.write(evil, 'x\n');
    await without_server(world, `{ path = "${world.dir}", pattern = "*.txt" }`);
    const { text, code } = await run(world, ['-c', world.path('explain.toml'), world.path(evil)]);
    assert.equal(code, 1);
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\x00-\x1f\x7f-\x9f\u202e]/);
    assert.match(text, /x\\x1b\]0;title\\x07\\r\\n\\u202e\.log/);
}));

test('bad usage and bad configurations', scenario(async (world) => {
    const config = await without_server(world, `{ path = "${world.dir}" }`);
    for (const args of [[], ['a', 'b'], ['--no-such', 'a'], ['']]) assert.equal((await run(world, args)).code, 2, args.join());
    const bad = await run(world, ['-c', configure(world, 'nonsense = 1\n'), 'app.log']);
    assert.equal(bad.code, 78);
    assert.match(bad.errors, /explain.toml:1/);
    assert.equal((await run(world, ['-c', world.path('none.toml'), 'app.log'])).code, 78);
    assert.equal((await run(world, ['--help'])).code, 0);
    assert.ok(config);
    // Without a file there is the default stream: *.log here.
    assert.equal((await run(world, ['app.log', '--http-port', '1'])).code, 0);
    assert.equal((await run(world, ['app.txt', '--http-port', '1'])).code, 1);
}));
