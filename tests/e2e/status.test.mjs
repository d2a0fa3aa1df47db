// What the status, health and readiness pages say is true and of the promised shape. Method: make something happen, read the page.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { backend, get, get_json, one_stream, readers, scenario } from './support/scenario.mjs';
import { deadline_ms, until } from './support/until.mjs';

test('status counts entries, readers and files', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }) });
    const by_sse = await world.sse(http);
    const by_tcp = await world.tcp(tcp);
    await readers(http, { http: 1, tcp: 1 });
    world.append('app.log', 'one\ntwo\n');
    world.append('other.log', 'three\n');
    await until('three entries', () => by_sse.entries().length === 3 && by_tcp.entries().length === 3);

    const status = await get_json(http, '/status');
    assert.deepEqual([status.service, status.stream], ['LogWisp', 'app']);
    assert.match(status.version, /^\d+\.\d+\.\d+/);
    assert.deepEqual([status.server.type, status.server.port, status.server.active_clients, status.server.buffer_size], ['http', http, 1, 1000]);
    assert.ok(status.server.uptime_seconds >= 0);
    assert.deepEqual(
        [status.monitor.active_watchers, status.monitor.total_entries, status.monitor.dropped_entries, status.monitor.rotations],
        [2, 3, 0, 0],
    );
    assert.equal(status.monitor.total_bytes, 'one\ntwo\nthree\n'.length);
    assert.deepEqual(status.endpoints, { stream: '/stream', status: '/status', entries: '/entries' });
    assert.equal(status.features.heartbeat.enabled, true);
    assert.equal(status.features.tcp.port, tcp);
    const watchers = status.watchers.sort((a, b) => a.path.localeCompare(b.path));
    assert.deepEqual(watchers.map(({ path, size, position, entries, rotations }) => [path, size, position, entries, rotations]), [
        [world.path('app.log'), 8, 8, 2, 0],
        [world.path('other.log'), 6, 6, 1, 0],
    ]);
    assert.deepEqual([status.clients.http, status.clients.tcp, status.clients.dropped_total], [1, 1, 0]);
    if (backend !== 'auto') assert.equal(status.reactor.backend, backend);
    assert.ok(status.reactor.cores >= 1);

    by_sse.close();
    by_tcp.close();
    await readers(http, { http: 0, tcp: 0 });
}));

test('router: the global status gives every stream and totals', scenario(async (world) => {
    const [port] = await world.ports(1);
    const stream = (name) => one_stream({ dir: world.path(name), name, http: port });
    world.write('a/app.log', '');
    world.write('b/app.log', '');
    await world.start({ http: port, config: stream('a') + stream('b'), args: ['--router'] });
    const in_a = await world.sse(port, '/a/stream');
    const in_b = await world.sse(port, '/b/stream');
    world.append('a/app.log', 'one\ntwo\n');
    world.append('b/app.log', 'three\n');
    await in_a.message('two');
    await in_b.message('three');
    assert.deepEqual(in_a.messages(), ['one', 'two']);
    assert.deepEqual(in_b.messages(), ['three']);
    const status = await get_json(port, '/status');
    assert.equal(status.service, 'LogWisp');
    const rows = status.streams.map(({ stream, monitor, endpoints, clients }) => [stream, monitor.total_entries, endpoints.stream, clients.http]);
    assert.deepEqual(rows, [['a', 2, '/a/stream', 1], ['b', 1, '/b/stream', 1]]);
    const { streams, active_watchers, total_entries, http_clients, tcp_clients } = status.totals;
    assert.deepEqual([streams, active_watchers, total_entries, http_clients, tcp_clients], [2, 2, 3, 2, 0]);
}));

test('healthz and readyz', scenario(async (world) => {
    const [http] = await world.ports(1);
    // A path that is not there yet is waited for; it does not make the service unready.
    await world.start({ http, config: one_stream({ dir: world.path('not/there/yet'), http }) });
    for (const target of ['/healthz', '/readyz', '/healthz?probe=1']) assert.equal((await get(http, target)).status, 200, target);
    const reader = await world.sse(http);
    world.write('not/there/yet/app.log', 'first byte\n');
    await reader.message('first byte');
}));

test('status says of each file which it is, who wants it, what happened last, and its rotations', scenario(async (world) => {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    const reader = await world.sse(http);
    world.append('app.log', 'one\n');
    await reader.message('one');
    const file = fs.statSync(world.path('app.log'));
    const [row] = (await get_json(http, '/status')).watchers;
    assert.deepEqual(row.target, { path: world.dir, pattern: '*.log' });
    assert.equal(row.identity.inode, file.ino);
    assert.match(row.identity.device, /^\d+:\d+$/);
    assert.ok(['found', 'written'].includes(row.last_event.kind), row.last_event.kind);
    assert.ok(Math.abs(Date.parse(row.last_event.time) - Date.now()) < deadline_ms, row.last_event.time);
    assert.deepEqual(row.rotation_history, []);

    world.rename('app.log', 'app.log.1');
    world.append('app.log', 'two\n');
    await reader.message('two');
    // By its path, and by the inode of the file that was rotated away and is read on for a while.
    const by_path = await get_json(http, `/status?path=${encodeURIComponent(world.path('app.log'))}`);
    const now = by_path.watchers.find((one) => !one.draining);
    assert.equal(now.rotations, 1);
    assert.deepEqual(now.rotation_history.map(({ number, reason }) => [number, reason]), [[1, 'inode change']]);
    const by_inode = await get_json(http, `/status?inode=${file.ino}`);
    assert.deepEqual(by_inode.watchers.map((one) => one.draining), [true]);
    assert.deepEqual((await get_json(http, '/status?path=/nowhere')).watchers, []);
    assert.equal((await get(http, '/status?inode=many')).status, 400);
}));

test('status of many files shows a bounded number of rows, and what is not read among them', scenario(async (world) => {
    const [http] = await world.ports(1);
    for (let file = 0; file < 1100; ++file) world.write(`many/f${file}.log`, '');
    const config = one_stream({ dir: world.path('many'), http }).replace('targets = [', `targets = [{ path = "${world.path('soon.log')}" }, `);
    await world.start({ http, config });
    const status = await get_json(http, '/status');
    assert.equal(status.watchers.length, 1000);
    assert.equal(status.watchers_not_shown, 101);
    assert.deepEqual(status.watchers.filter((row) => row.error).map((row) => [row.path, row.error]), [[world.path('soon.log'), 'missing: waited for']]);
    const one = await get_json(http, `/status?path=${world.path('many/f1099.log')}`);
    assert.deepEqual([one.watchers.length, one.watchers_not_shown], [1, 0]);
}));
