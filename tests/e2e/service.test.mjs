// Under a service manager: readiness, watchdog, reload and stopping are announced on NOTIFY_SOCKET, and lines on stderr carry the
// journal's priorities. Method: socat holds the socket and prints what comes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

test('notifications', scenario(async (world) => {
    const socket = world.path('notify');
    const manager = world.run('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT']);
    await until('socket', () => fs.existsSync(socket));
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const server = await world.start({ http, config, env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000', WATCHDOG_PID: undefined } });
    await manager.output('READY=1', /READY=1/);
    await manager.output('two signs of life', /WATCHDOG=1[^]*WATCHDOG=1/);
    server.signal('SIGHUP');
    await manager.output('RELOADING=1, READY=1', /RELOADING=1[^]*READY=1/);
    await world.stop(server);
    await manager.output('STOPPING=1', /STOPPING=1/);
}));

test('priorities for the journal', scenario(async (world) => {
    const [http] = await world.ports(1);
    const { dev, ino } = fs.statSync('/dev/null');
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http }), env: { JOURNAL_STREAM: `${dev}:${ino}` } });
    world.write('logwisp.toml', 'nonsense');
    server.signal('SIGHUP');
    await server.complaint('error with its priority', /^<3>/m);
    for (const line of server.stderr.split('\n').filter(Boolean)) assert.match(line, /^<[0-7]>/);
}));

// A core that hangs in a system call, as on a network file system whose server is gone: it looks whether a new file is a link.
async function one_core_hangs(world, env) {
    const [http] = await world.ports(1);
    const via = [process.env.E2E_REFUSE, 'readlinkat=HANG', '--'];
    const server = await world.start({ http, via, env, config: one_stream({ dir: world.dir, http }), args: ['--cores', '2'] });
    world.write('app.log', 'the file whose server is gone\n');
    return server;
}

test('a core that hangs: the service manager hears no more of us', scenario(async (world) => {
    const socket = world.path('notify');
    const manager = world.run('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT']);
    await until('socket', () => fs.existsSync(socket));
    const server = await one_core_hangs(world, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '100000', WATCHDOG_PID: undefined });
    await manager.output('signs of life until then', /WATCHDOG=1/);
    const signs = { count: 0, since: performance.now() };
    await until('silence of twenty intervals', () => {
        const count = manager.stdout.split('WATCHDOG=1').length;
        if (count !== signs.count) Object.assign(signs, { count, since: performance.now() });
        return performance.now() - signs.since > 20 * 50;
    }, { seen: () => manager.stdout });
    server.expected_exit = null;
    server.signal('SIGKILL');
    await server.ended();
}));

test('a core that hangs: a second signal ends it all the same', scenario(async (world) => {
    const server = await one_core_hangs(world, {});
    // More messages than a mailbox takes.
    for (let i = 1; i <= 100; ++i) {
        server.signal('SIGHUP');
        await until('a reload', () => server.stderr.split('reloaded: 1 stream').length > i, { seen: () => server.seen() });
    }
    server.signal('SIGTERM');
    await server.complaint('first signal heard', /stopping/);
    assert.equal(server.exit, null);
    server.signal('SIGTERM');
    await server.ended();
    assert.match(server.stderr, /stopping at once/);
}));
