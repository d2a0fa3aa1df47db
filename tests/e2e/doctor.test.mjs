// `logwisp doctor` finds what would keep the service from working, says what can be done, and its exit code tells. Method: each fault made, by
// files, by ports, by a kernel that refuses.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { Holder } from './support/holder.mjs';
import { binary, one_stream, scenario } from './support/scenario.mjs';

async function doctor(world, config, { via = [], program = binary, args = [] } = {}) {
    const file = world.write('doctor.toml', config);
    const [command, ...rest] = [...via, program, 'doctor', '--json', '-c', file, ...args];
    const env = { ...process.env, LOGWISP_CONFIG_FILE: undefined, HOME: world.dir, XDG_CONFIG_HOME: world.dir, LOGWISP_STATE_DIRECTORY: world.path('state') };
    const asked = world.run(command, rest, { env });
    const { code } = await asked.ended();
    assert.notEqual(asked.stdout, '', asked.seen());
    const { findings, ...answer } = JSON.parse(asked.stdout);
    const of = (topic) => findings.filter((one) => one.topic === topic);
    assert.equal(answer.bad, findings.filter(({ grade }) => grade === 'bad').length);
    assert.equal(code, answer.bad > 0 ? 1 : 0, asked.stdout);
    return { code, findings, of, answer };
}

const refusing = (...calls) => [process.env.E2E_REFUSE, ...calls, '--'];

async function healthy(world, more = {}) {
    const [http, tcp] = await world.ports(2);
    world.write('logs/app.log', 'x\n');
    return one_stream({ dir: world.path('logs'), http, tcp, more });
}

test('nothing is wrong', scenario(async (world) => {
    const { code, of, answer } = await doctor(world, await healthy(world));
    assert.equal(code, 0);
    assert.equal(answer.file, world.path('doctor.toml'));
    for (const topic of ['io_uring', 'sandbox', 'files', 'inotify', 'limits', 'state', 'ports', 'clock']) assert.ok(of(topic).length > 0, topic);
    assert.deepEqual(of('files').map(({ text }) => text), ['app: 1 file can be read']);
    assert.match(of('inotify')[0].text, /^2 watches of \d+$/);
    assert.equal(of('ports').length, 2);
    assert.equal(fs.existsSync(world.path('state')), false, 'it only looks');
}));

test('targets that end in ".." or are "/" name a directory', scenario(async (world) => {
    const config = await healthy(world);
    fs.mkdirSync(world.path('logs/below'));
    const above = await doctor(world, config.replace(world.path('logs'), world.path('logs/below/..')));
    assert.deepEqual(above.of('files').map(({ text }) => text), ['app: 1 file can be read']);
    const missing = await doctor(world, config.replace(world.path('logs'), world.path('none/..')));
    assert.match(missing.of('files')[0].text, /nothing matches .* yet/);
    const root = await doctor(world, config.replace(world.path('logs'), '/').replace('*.log', 'logwisp-no-such-*.log'));
    assert.match(root.of('files')[0].text, /nothing matches "\/" yet/);
}));

test('io_uring is forbidden: a note, or a fault when it was asked for', scenario(async (world) => {
    const config = await healthy(world);
    const via = refusing('io_uring_setup=EPERM');
    const allowed = await doctor(world, config, { via });
    assert.deepEqual(allowed.of('io_uring').map(({ grade }) => grade), ['note']);
    assert.match(allowed.of('io_uring')[0].text, /not usable: io_uring_setup: Operation not permitted/);
    assert.match(allowed.of('io_uring')[0].advice, /seccomp|io_uring_disabled/);
    const wanted = await doctor(world, config, { via, args: ['--backend', 'io_uring'] });
    assert.deepEqual(wanted.of('io_uring').map(({ grade }) => grade), ['bad']);
}));

test('the sandbox: what this kernel can do, and why not', scenario(async (world) => {
    const config = await healthy(world);
    const checked = world.run(binary, ['check', '--json'], { cwd: world.dir });
    await checked.ended();
    const { landlock, seccomp } = JSON.parse(checked.stdout).sandbox;
    const [files, calls] = (await doctor(world, config)).of('sandbox');
    if (landlock.abi) assert.deepEqual([files.grade, files.text], ['good', `files can be restricted (Landlock ${landlock.abi})`]);
    else assert.deepEqual([files.grade, files.text], ['note', `files are not restricted: ${landlock.why_not}`]);
    if (seccomp.filtered) assert.deepEqual([calls.grade, calls.text], ['good', 'system calls can be filtered (seccomp)']);
    else assert.deepEqual([calls.grade, calls.text], ['note', `system calls are not filtered: ${seccomp.why_not}`]);
    const without = await doctor(world, `[security]\nlandlock = false\nseccomp = "off"\n${config}`);
    assert.deepEqual(without.of('sandbox').map(({ grade, text }) => `${grade}: ${text}`), ['good: files are not restricted: security.landlock is false', 'good: system calls are not filtered: security.seccomp is off']);
    if (process.env.E2E_SANITIZED === '1') return;
    const refused = await doctor(world, config, { via: refusing('landlock_create_ruleset=ENOSYS') });
    assert.equal(refused.of('sandbox')[0].grade, 'note');
    assert.match(refused.of('sandbox')[0].text, /files are not restricted: landlock_create_ruleset: Function not implemented/);
    assert.match(refused.of('sandbox')[0].advice, /kernel from 5\.13/);
}));

test('the limits of inotify', scenario(async (world) => {
    const config = await healthy(world);
    const watches = await doctor(world, config, { via: refusing('inotify_add_watch=ENOSPC') });
    assert.match(watches.of('inotify')[0].text, /^0 of 2 watches.*max_user_watches is \d+/);
    assert.match(watches.of('inotify')[0].advice, /sysctl fs\.inotify\.max_user_watches=\d+/);
    const instances = await doctor(world, config, { via: refusing('inotify_init1=EMFILE') });
    assert.match(instances.of('inotify')[0].text, /^0 of \d+ instances.*max_user_instances is \d+/);
}));

test('files that cannot be read, by why and by what to do', { skip: process.getuid() !== 0 && 'only root can be another user' }, scenario(async (world) => {
    fs.chmodSync(world.dir, 0o755);
    const program = world.path('logwisp');
    fs.copyFileSync(binary, program);
    fs.chmodSync(program, 0o755);
    const config = (await healthy(world)).replace('pattern = "*.log"', 'recursive = true');
    world.write('logs/secret.log', 'x\n');
    fs.chmodSync(world.path('logs/secret.log'), 0o600);
    world.write('logs/group.log', 'x\n');
    fs.chmodSync(world.path('logs/group.log'), 0o640);
    fs.chownSync(world.path('logs/group.log'), 0, 4);
    world.write('logs/own.log', 'x\n');
    fs.chmodSync(world.path('logs/own.log'), 0);
    fs.chownSync(world.path('logs/own.log'), 65534, 65534);
    fs.symlinkSync('secret.log', world.path('logs/link.log'));
    execFileSync('mkfifo', [world.path('logs/pipe.log')]);
    world.write('logs/closed/app.log', 'x\n');
    fs.chmodSync(world.path('logs/closed'), 0o700);
    fs.mkdirSync(world.path('state'), { mode: 0o777 });
    fs.chmodSync(world.path('state'), 0o777);
    const { of } = await doctor(world, config, { program, via: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] });
    const faults = Object.fromEntries(of('files').filter(({ grade }) => grade === 'bad').map(({ text, advice }) => [/logs\/[^"]*/.exec(text)[0], advice]));
    assert.deepEqual(Object.keys(faults).sort(), ['logs/closed', 'logs/group.log', 'logs/link.log', 'logs/own.log', 'logs/secret.log']);
    assert.match(faults['logs/secret.log'], /is root:root 0600: setfacl -m u:nobody:r ".*secret\.log"/);
    assert.match(faults['logs/group.log'], /is root:adm 0640: add group adm \(SupplementaryGroups=adm/);
    assert.match(faults['logs/own.log'], /is nobody:nogroup 0000: chmod u\+r ".*own\.log"/);
    assert.match(faults['logs/link.log'], /link\.log" leads to ".*\/secret\.log", which is root:root 0600/);
    assert.match(faults['logs/closed'], /is root:root 0700/);
    assert.ok(of('files').some(({ grade, text }) => grade === 'note' && /logs\/pipe\.log": not a regular file, and never followed/.test(text)), JSON.stringify(of('files')));
    assert.deepEqual(of('user'), []);
}));

test('what is not there, and what is no place for logs', scenario(async (world) => {
    const [http] = await world.ports(1);
    fs.symlinkSync('/proc/self/net', world.path('odd'));
    const config = one_stream({ dir: world.dir, http }).replace(/targets = .*/, `targets = [{ path = "${world.path('soon/app.log')}" }, { path = "${world.path('odd')}", pattern = "no*ne" }]`);
    const { of } = await doctor(world, config);
    assert.ok(of('files').every(({ grade }) => grade === 'note'));
    assert.match(of('files')[0].text, /nothing matches ".*soon\/app\.log" yet: it is waited for/);
    assert.ok(of('files').some(({ text }) => /odd" is not followed: leads to where the kernel shows itself/.test(text)), JSON.stringify(of('files')));
}));

for (const [name, host, configured] of [['stranger', '127.0.0.1', '127.0.0.1'], ['systemd', '127.0.0.1', '127.0.0.1'], ['stranger', '::', '127.0.0.1'], ['systemd', '0.0.0.0', '*']])
    test(`ports: ${name} listens on ${host}, ${configured} is configured`, scenario(async (world) => {
        const [http] = await world.ports(1);
        world.write('logs/app.log', 'x\n');
        const holder = await Holder.at(world, http, { name, host });
        const { of } = await doctor(world, one_stream({ dir: world.path('logs'), http, more: { httpserver: `host = "${configured}"\n` } }));
        const [{ grade, text, advice }] = of('ports');
        if (name === 'systemd') {
            assert.match(text, new RegExp(`app: HTTP: .* port ${http} is held by systemd, for the service that it starts`));
            assert.deepEqual([grade, advice], ['note', 'systemctl list-sockets says which service that is']);
        } else {
            assert.match(text, new RegExp(`app: HTTP: .* port ${http} is in use by stranger \\(process ${holder.program.pid}\\)`));
            assert.equal(grade, 'bad');
        }
        await holder.heard_of_nobody();
    }));

test('ports: LogWisp itself has them', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    world.write('logs/app.log', 'x\n');
    const config = one_stream({ dir: world.path('logs'), http, tcp });
    const server = await world.start({ http, config });
    const { of } = await doctor(world, config);
    for (const [index, what] of [[0, `HTTP: LogWisp (process ${server.pid}) serves 127.0.0.1 port ${http}`], [1, `TCP: LogWisp (process ${server.pid}) serves 127.0.0.1 port ${tcp}`]])
        assert.equal(of('ports')[index].text, `app: ${what}`);
}));

test('ports: of a process that cannot be seen only its user is told', { skip: process.getuid() !== 0 && 'only root can be another user' }, scenario(async (world) => {
    fs.chmodSync(world.dir, 0o755);
    const program = world.path('logwisp');
    fs.copyFileSync(binary, program);
    fs.chmodSync(program, 0o755);
    const [http, tcp] = await world.ports(2);
    world.write('logs/app.log', 'x\n');
    const holder = await Holder.at(world, http, { name: 'stranger' });
    const { of } = await doctor(world, one_stream({ dir: world.path('logs'), http, tcp }), { program, via: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] });
    assert.match(of('ports')[0].text, /is in use by a process of root/);
    await holder.heard_of_nobody();
}));

test('a state directory that cannot be', scenario(async (world) => {
    world.write('file', 'x');
    const { of } = await doctor(world, await healthy(world), { args: ['--state-directory', world.path('file/state')] });
    assert.deepEqual(of('state').map(({ grade }) => grade), ['bad']);
    assert.match(of('state')[0].text, /cannot be written: Not a directory/);
}));

test('as text, with usage and configuration errors', scenario(async (world) => {
    world.write('logs/app.log', 'x\n');
    const file = world.write('doctor.toml', await healthy(world));
    const run = async (...args) => {
        const asked = world.run(binary, ['doctor', ...args], { env: { ...process.env, LOGWISP_STATE_DIRECTORY: world.path('state') } });
        return { code: (await asked.ended()).code, text: asked.stdout, errors: asked.stderr };
    };
    const { code, text } = await run('-c', file);
    assert.equal(code, 0, text);
    assert.match(text, /^.*doctor\.toml, as .*\n/);
    assert.match(text, /\n {2}good {2}files {5}app: 1 file can be read\n/);
    assert.match(text, /\nnothing is wrong\n$/);
    assert.equal((await run('--nonsense')).code, 2);
    world.write('bad.toml', 'nonsense');
    assert.equal((await run('-c', world.path('bad.toml'))).code, 78);
    assert.match((await run('--help')).text, /Says whether this machine lets this user run/);
}));
