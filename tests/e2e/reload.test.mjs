// SIGHUP takes the new configuration without disturbing the readers of what did not change; a bad one changes nothing and says why.
// Method: rewrite the file, send the signal, look who is still connected.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { get, one_stream, scenario } from './support/scenario.mjs';
import { EventStreamReader } from './support/sse.mjs';
import { until } from './support/until.mjs';

const reload = (server) => server.signal('SIGHUP');

test('a credential is a copy of the start, and a reload says so', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = await world.start({ http, env: { CREDENTIALS_DIRECTORY: world.dir }, config: one_stream({ dir: world.dir, http }) });
    server.signal('SIGHUP');
    await server.complaint('a warning', /logwisp\.toml is a credential, .* takes effect with a restart/);
    await server.complaint('the reload', /reloaded: 1 stream/);
}));

test('an added stream is served, an unchanged one keeps its readers', scenario(async (world) => {
    const [kept, added] = await world.ports(2);
    const before = one_stream({ dir: world.path('kept'), name: 'kept', http: kept });
    const server = await world.start({ http: kept, config: before });
    const reader = await world.sse(kept);
    world.write('kept/app.log', 'before\n');
    await reader.message('before');

    world.write('logwisp.toml', before + one_stream({ dir: world.path('added'), name: 'added', http: added }));
    reload(server);
    await until('added stream', async () => (await get(added, '/readyz').catch(() => null))?.status === 200, { seen: () => server.seen() });
    const other = await world.sse(added);
    world.write('added/app.log', 'in added\n');
    await other.message('in added');
    world.append('kept/app.log', 'after\n');
    await reader.message('after');
    assert.deepEqual(reader.messages(), ['before', 'after']);

    world.write('logwisp.toml', before);
    reload(server);
    await other.event('disconnect');
    await other.end();
    world.append('kept/app.log', 'at last\n');
    await reader.message('at last');
    assert.equal(reader.ended, false);
}));

test('a changed stream goes on where it stands: a reader that comes back by its last id has every line once', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = (interval, extra = '') => one_stream({
        dir: world.path('logs'), http,
        more: { httpserver: 'buffer_size = 100000\n', monitor: `check_interval_ms = ${interval}\n${extra}` },
    });
    world.write('logs/app.log', '');
    const server = await world.start({ http, config: config(100) });
    let reader = await world.sse(http);
    // A reader that was given nothing yet has no id to come back with.
    world.append('logs/app.log', 'the beginning\n');
    await reader.message('the beginning');
    const got = [];
    let last_id = '';
    let written = 0;
    const changes = 12;
    for (let change = 1; change <= changes; ++change) {
        for (let i = 0; i < 200; ++i) world.append('logs/app.log', `line ${++written}\n`);
        world.append('logs/app.log', `line ${written + 1}`);  // held until its end comes
        world.write('logwisp.toml', config(100 + change, change % 2 ? 'max_line_bytes = 2000\n' : ''));
        reload(server);
        if (change % 3 === 0) world.append('logs/app.log', ' and\n');
        for (let i = 0; i < 50; ++i) world.append('logs/app.log', i === 0 && change % 3 ? ' and\n' : `line ${++written + 1}\n`);
        written += 1;
        if (change % 4 === 0) {
            fs.renameSync(world.path('logs/app.log'), world.path(`logs/app.log.${change}`));
            world.write('logs/app.log', '');
        }
        await reader.event('disconnect');
        assert.equal(JSON.parse(reader.events('disconnect')[0].data).reason, 'stream_changed');
        await reader.end();
        assert.deepEqual(reader.events('gap'), []);
        got.push(...reader.messages());
        last_id = reader.events('message').at(-1)?.id ?? last_id;
        reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
    }
    world.append('logs/app.log', 'the end\n');
    await reader.message('the end');
    assert.deepEqual(reader.events('gap'), []);
    got.push(...reader.messages());
    const lines = got.filter((line) => line.startsWith('line'));
    assert.deepEqual(lines.map((line) => Number(/\d+/.exec(line)[0])), Array.from({ length: written }, (_, i) => i + 1));
    assert.equal(lines.filter((line) => line.endsWith(' and')).length, changes);
    assert.equal(got.filter((line) => line.startsWith('Log rotation')).length, Math.floor(changes / 4));
}));

test('a bad file keeps the old configuration and says why', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const server = await world.start({ http, config });
    const reader = await world.sse(http);
    for (const [text, complaint] of [
        [config.replace('pattern', 'patern'), /logwisp\.toml:\d+:\d+.*patern.*pattern/],
        [`${config}port = "eight"\n`, /logwisp\.toml:\d+/],
        ['', /logwisp\.toml: is empty/],
    ]) {
        server.stderr = '';
        world.write('logwisp.toml', text);
        reload(server);
        await server.complaint('reason', complaint);
    }
    world.append('app.log', 'still here\n');
    await reader.message('still here');
}));

test('what changes only with a restart is said so at every reload until it is as before', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const server = await world.start({ http, config });
    const reader = await world.sse(http);
    for (let i = 0; i < 2; ++i) {
        server.stderr = '';
        world.write('logwisp.toml', `[state]\nmax_bytes = 1048576\n${config}`);
        reload(server);
        await server.complaint('warning', /reload: \[state\] changes only with a restart/);
    }
    await server.complaint('reloaded', /reloaded: 1 stream/);
    server.stderr = '';
    world.write('logwisp.toml', config);
    reload(server);
    await server.complaint('reloaded', /reloaded: 1 stream/);
    assert.doesNotMatch(server.stderr, /only with a restart/);
    world.append('app.log', 'still here\n');
    await reader.message('still here');
}));

test('a storm of signals', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const server = await world.start({ http, config });
    const reader = await world.sse(http);
    const count = 200;
    for (let i = 0; i < count; ++i) {
        reload(server);
        world.append('app.log', `line ${i}\n`);
        if (i % 20 === 0) await reader.message(`line ${i}`);
    }
    await reader.message(`line ${count - 1}`);
    assert.deepEqual(reader.messages(), Array.from({ length: count }, (_, i) => `line ${i}`));
}));

test('another host on the same port', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const config = (host) => one_stream({ dir: world.dir, http, tcp, more: { httpserver: `host = "${host}"`, tcpserver: `host = "${host}"` } });
    const server = await world.start({ http, config: config('127.0.0.1') });
    const listens = (host, port) => new Promise((resolve) => {
        const socket = net.connect({ host, port });
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
    });
    // Who comes just when the old sockets close may be reset, or told that the old stream ends: clients come again, as here.
    const served = (line) => until('a reader that is served', async () => {
        const reader = await world.sse(http).catch(() => null);
        world.append('app.log', `${line}\n`);
        if (!reader) return null;
        await until('the line or the end', () => reader.ended || reader.messages().includes(line), { seen: () => server.seen() });
        return reader.messages().includes(line) && reader;
    });
    const change_to = async (host) => {
        server.stderr = '';
        world.write('logwisp.toml', config(host));
        reload(server);
    };
    for (const [host, elsewhere] of [['*', true], ['127.0.0.1', false], ['localhost', false], ['0.0.0.0', true], ['*', true], ['127.0.0.1', false]]) {
        await change_to(host);
        for (const port of [http, tcp])
            await until(`port ${port} on ${host}`, async () => (await listens('127.0.0.2', port)) === elsewhere, { seen: () => server.seen() });
        await served(`on ${host}`);
        assert.doesNotMatch(server.stderr, /in use/);
    }

    // Somebody else has the port elsewhere: what listens goes on.
    const stranger = net.createServer();
    await new Promise((resolve) => stranger.listen(http, '127.0.0.2', resolve));
    try {
        const reader = await served('before it');
        await change_to('*');
        await server.complaint('reason', /in use.*\n?.*old configuration stays/);
        world.append('app.log', 'as before\n');
        await reader.message('as before');
        assert.equal((await get(http, '/readyz')).status, 200);
    } finally {
        await new Promise((resolve) => stranger.close(resolve));
    }
    await change_to('*');
    await until('both hosts', () => listens('127.0.0.2', http), { seen: () => server.seen() });
}));

test('a port that changes from TCP to HTTP', scenario(async (world) => {
    const [port] = await world.ports(1);
    const server = await world.start({ tcp: port, config: one_stream({ dir: world.dir, tcp: port }) });
    const reader = await world.tcp(port);
    // What waits in the kernel's queue over the reload is taken for HTTP, and given ten seconds to ask for something.
    await until('a reader that was taken', () => (world.append('app.log', 'by TCP\n'), reader.messages().length > 0), { seen: () => reader.text });
    world.write('logwisp.toml', one_stream({ dir: world.dir, http: port }));
    reload(server);
    await reader.end();
    // Every core takes the change when it hears of it: HTTP is there when twenty connections in a row, spread over the cores, are answered.
    const answered = () => Promise.race([get(port, '/readyz').then(({ status }) => status === 200, () => false), setTimeout(300, false)]);
    let in_a_row = 0;
    await until('HTTP on every core', async () => (in_a_row = (await answered()) ? in_a_row + 1 : 0) >= 20);
    const next = await world.sse(port);
    world.append('app.log', 'by HTTP now\n');
    await next.message('by HTTP now');
}));

test('ports that are moved, and swapped', scenario(async (world) => {
    const [first, second, third] = await world.ports(3);
    const config = (one, two) => one_stream({ dir: world.path('one'), name: 'one', http: one }) + one_stream({ dir: world.path('two'), name: 'two', http: two });
    const server = await world.start({ http: first, config: config(first, second) });
    const serves = (port, name) => until(`${name} at ${port}`, async () => {
        const reader = await EventStreamReader.open(`http://127.0.0.1:${port}/stream`).catch(() => null);
        if (!reader) return false;
        world.keep(reader);
        await until('a greeting or the end', () => reader.ended || reader.events('connected').length > 0);
        return !reader.ended && JSON.parse(reader.events('connected')[0].data).stream === name;
    }, { seen: () => server.seen() });
    const gone = (port) => until(`nobody at ${port}`, () => get(port, '/healthz').then(() => false, () => true), { seen: () => server.seen() });

    const moved = await world.sse(second);
    const stays = await world.sse(first);
    world.write('one/a.log', 'before\n');
    await stays.message('before');
    world.write('logwisp.toml', config(first, third));
    reload(server);
    assert.equal(JSON.parse((await moved.event('disconnect')).data).reason, 'stream_changed');
    await serves(third, 'two');
    await gone(second);
    world.append('one/a.log', 'after\n');
    await stays.message('after');
    assert.deepEqual(stays.messages(), ['before', 'after']);

    world.write('logwisp.toml', config(third, first));
    reload(server);
    await stays.event('disconnect');
    await serves(third, 'one');
    await serves(first, 'two');
    assert.doesNotMatch(server.stderr, /in use|refused/);
}));
