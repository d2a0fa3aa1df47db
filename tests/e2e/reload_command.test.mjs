// `logwisp reload` returns when it is known what came of it: done, or refused with the reason and nothing changed. It asks the process it was
// told of and no other, and is heard only from those who could send a signal. Method: the command itself, and socat in its place.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { run } from './support/program.mjs';
import { binary, get, get_json, one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

async function reload(world, ...args) {
    const command = world.run(binary, ['reload', ...args.map(String)]);
    const { code } = await command.ended();
    return { code, stdout: command.stdout, stderr: command.stderr };
}

test('it returns when the new ports are open, and says what only a restart changes', scenario(async (world) => {
    const [kept, added] = await world.ports(2);
    const before = one_stream({ dir: world.path('kept'), name: 'kept', http: kept });
    const server = await world.start({ http: kept, config: before });
    const reader = await world.sse(kept);
    world.write('logwisp.toml', before + one_stream({ dir: world.path('added'), name: 'added', http: added }));
    assert.deepEqual(await reload(world, server.pid), { code: 0, stdout: 'reloaded\n', stderr: '' });
    assert.equal((await get(added, '/healthz')).status, 200);
    world.write('logwisp.toml', `[server]\ncores = 3\n${before}`);
    assert.deepEqual(await reload(world, server.pid), { code: 0, stdout: 'reloaded\n', stderr: 'cores and backend change only with a restart\n' });
    world.write('kept/app.log', 'undisturbed\n');
    await reader.message('undisturbed');
    assert.deepEqual(reader.events('disconnect'), []);
}));

test('what is refused is refused as a whole, with its reason', scenario(async (world) => {
    const [kept, added, taken] = await world.ports(3);
    const before = one_stream({ dir: world.path('kept'), name: 'kept', http: kept });
    const server = await world.start({ http: kept, config: before });
    const reader = await world.sse(kept);
    const refused = async (text, code, reason) => {
        world.write('logwisp.toml', text);
        const answer = await reload(world, server.pid);
        assert.equal(answer.code, code, answer.stderr);
        assert.equal(answer.stdout, '');
        assert.match(answer.stderr, reason);
        assert.match(answer.stderr, /\nlogwisp: not reloaded; the old configuration stays in force\n$/);
    };
    await refused(before.replace('pattern', 'patern'), 78, /logwisp\.toml:\d+:\d+.*patern.*pattern/);
    await refused('', 78, /logwisp\.toml: is empty/);
    // Nobody writes into it.
    fs.rmSync(world.path('logwisp.toml'));
    execFileSync('mkfifo', [world.path('logwisp.toml')]);
    const waited = await reload(world, server.pid);
    fs.rmSync(world.path('logwisp.toml'));
    assert.equal(waited.code, 78, waited.stderr);
    assert.match(waited.stderr, /logwisp\.toml: is not a regular file\n/);

    // Somebody else has the last of its ports: none of what comes before it has happened.
    const stranger = net.createServer();
    await new Promise((resolve) => stranger.listen(taken, '127.0.0.1', resolve));
    try {
        const renamed = before.replace('name = "kept"', 'name = "other"');
        await refused(
            renamed + one_stream({ dir: world.path('added'), name: 'added', http: added }) + one_stream({ dir: world.path('more'), name: 'more', http: taken }),
            1, new RegExp(`cannot listen on .*${taken}.*in use`),
        );
        assert.equal((await get_json(kept, '/status')).stream, 'kept');
        await assert.rejects(get(added, '/healthz'));
    } finally {
        await new Promise((resolve) => stranger.close(resolve));
    }
    world.write('kept/app.log', 'undisturbed\n');
    await reader.message('undisturbed');
    assert.deepEqual(reader.events('disconnect'), []);
}));

test('which process', scenario(async (world) => {
    const [one, two] = await world.ports(2);
    const first = await world.start({ http: one, config: one_stream({ dir: world.dir, http: one }) });
    // Two, at least: tests run beside each other.
    await world.start({ http: two, args: ['--http-port', String(two), world.dir] });
    const which = await reload(world);
    assert.equal(which.code, 1);
    assert.match(which.stderr, new RegExp(`several run here.*\\b${first.pid}\\b`));
    for (const pid of ['0', '-1', 'x', '']) assert.equal((await reload(world, pid)).code, 2, pid);
    assert.equal((await reload(world, 1, 2)).code, 2);
    assert.match((await reload(world, '--help')).stdout, /Usage: logwisp reload/);
    assert.deepEqual(await reload(world, process.pid), { code: 1, stdout: '', stderr: `logwisp: process ${process.pid} is no LogWisp that can be asked from here\n` });
    // Anybody may take that name; nobody is believed for it.
    const impostor = world.run('socat', [`ABSTRACT-LISTEN:logwisp/control/${process.pid},fork`, 'SYSTEM:echo 0']);
    await until('the impostor', () => fs.readFileSync('/proc/net/unix', 'utf8').includes(`@logwisp/control/${process.pid}\n`), { seen: () => impostor.seen() });
    assert.equal((await reload(world, process.pid)).code, 1);
}));

const no_namespaces = spawnSync('unshare', ['-rn', 'true']).status !== 0;

test('in a network of its own the only service is found', { skip: no_namespaces && 'namespaces are not allowed here' }, scenario(async (world) => {
    const script = `ip link set lo up; "$0" --cores 1 --http-port 8080 --state=false "$1" & server=$!
        until "$0" reload 2>/dev/null; do kill -0 $server || exit 3; done
        kill $server; wait $server; "$0" reload; echo "then $?"`;
    const inside = world.run('unshare', ['-rn', 'sh', '-c', script, binary, world.dir]);
    await inside.ended();
    assert.match(inside.stdout, /reloaded\nthen 1\n/, inside.seen());
    assert.match(inside.stderr, /no LogWisp runs here/);
}));

test('another user is not heard', { skip: process.getuid() !== 0 && 'only root can be another user' }, scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    const other = world.run('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'socat', '-u', `ABSTRACT-CONNECT:logwisp/control/${server.pid}`, '-']);
    await other.ended();
    assert.equal(other.stdout, "1\nonly the service's own user and root may ask for this");
    assert.doesNotMatch(server.stderr, /reload/);
}));

const no_other_user = process.getuid() !== 0 || spawnSync('unshare', ['-n', 'true']).status !== 0;

test('another user is not believed', { skip: no_other_user && 'only root can be another user, in a network of its own' }, scenario(async (world) => {
    fs.chmodSync(world.dir, 0o755);
    const program = world.path('logwisp');
    fs.copyFileSync(binary, program);
    fs.chmodSync(program, 0o755);
    const script = `as() { user=$1; shift; exec setpriv --reuid=$user --regid=$user --clear-groups "$@"; }
        (as 65534 sh -c 'exec socat ABSTRACT-LISTEN:logwisp/control/$$,fork SYSTEM:"echo 0"') & false=$!
        until grep -q "@logwisp/control/$false$" /proc/net/unix; do kill -0 $false || exit 3; done
        (as 65533 "$0" reload); echo "any $?"; (as 65533 "$0" reload $false); echo "that $?"; kill $false`;
    const inside = world.run('unshare', ['-n', 'sh', '-c', script, program]);
    await inside.ended();
    assert.equal(inside.stdout, 'any 1\nthat 1\n', inside.seen());
    assert.match(inside.stderr, /no LogWisp runs here\n.*is no LogWisp that can be asked from here/);
}));

test('who asks when no descriptor is left is answered when there is one again', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    const limit = (soft) => run('prlimit', ['--pid', String(server.pid), `--nofile=${soft}:`]);
    await limit(3);
    const asked = reload(world, server.pid);
    await server.complaint('why nobody is heard', /reload: accept: Too many open files/);
    await limit(100);
    assert.equal((await asked).code, 0);
}));

test('who asks and goes, or asks while it stops', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    await Promise.all(Array.from({ length: 20 }, () => world.run('socat', ['-u', '/dev/null', `ABSTRACT-CONNECT:logwisp/control/${server.pid}`]).ended()));
    assert.equal((await reload(world, server.pid)).code, 0);
    await world.stop(server);
    assert.equal((await reload(world, server.pid)).code, 1);
}));
