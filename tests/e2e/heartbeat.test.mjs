// Readers of a quiet stream are told that it lives, in the form the configuration names. Method: an interval of one second, every
// combination that differs on the wire.
import assert from 'node:assert/strict';
import test from 'node:test';
import { one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const timestamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.source;
const every_second = 'enabled = true\ninterval_seconds = 1\n';

async function quiet_stream(world, { http, tcp = '' }) {
    const [http_port, tcp_port] = await world.ports(2);
    const more = {
        httpserver: `[streams.httpserver.heartbeat]\n${every_second}${http}`,
        tcpserver: `[streams.tcpserver.heartbeat]\n${every_second}${tcp}`,
    };
    await world.start({ http: http_port, config: one_stream({ dir: world.dir, http: http_port, tcp: tcp_port, more }) });
    return { http_port, tcp_port };
}

test('comment with time and statistics; TCP always JSON', scenario(async (world) => {
    const { http_port, tcp_port } = await quiet_stream(world, { http: 'include_stats = true', tcp: 'include_stats = true' });
    const sse = await world.sse(http_port);
    const tcp = await world.tcp(tcp_port);
    await until('two comments', () => sse.parser.comments.length >= 2, { seen: () => sse.bytes });
    assert.match(sse.parser.comments[0], new RegExp(`^ heartbeat ${timestamp} clients=1 uptime=\\d+s$`));
    assert.equal(sse.events('message').length, 0);
    const beat = await tcp.control('heartbeat');
    assert.deepEqual(Object.keys(beat), ['type', 'timestamp', 'active_clients', 'uptime_seconds']);
    assert.match(beat.timestamp, new RegExp(`^${timestamp}$`));
    assert.equal(beat.active_clients, 1);
}));

test('JSON without an id, so that it is nothing to resume from', scenario(async (world) => {
    const { http_port } = await quiet_stream(world, { http: 'format = "json"\ninclude_stats = true' });
    const sse = await world.sse(http_port);
    await sse.event('message');
    const beat = sse.entries()[0];
    assert.deepEqual(Object.keys(beat), ['type', 'timestamp', 'active_clients', 'uptime_seconds']);
    assert.equal(sse.events('message')[0].id, '');
    world.append('app.log', 'line\n');
    await sse.message('line');
}));

test('without time and statistics; disabled', scenario(async (world) => {
    const { http_port, tcp_port } = await quiet_stream(world, { http: 'include_timestamp = false', tcp: 'include_timestamp = false' });
    const sse = await world.sse(http_port);
    const tcp = await world.tcp(tcp_port);
    await until('comment', () => sse.parser.comments.length >= 1);
    assert.equal(sse.parser.comments[0].trim(), 'heartbeat');
    assert.deepEqual(await tcp.control('heartbeat'), { type: 'heartbeat' });
}));
