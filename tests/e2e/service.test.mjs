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
