// What the status, health and readiness pages say is true and of the promised shape. Method: make something happen, read the page.
import assert from 'node:assert/strict';
import test from 'node:test';
import { backend, get, get_json, one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

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
