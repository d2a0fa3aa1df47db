// Stopping: readers are told and get everything that was read, the exit code is 0, and a second signal does not wait. Method: signals to
// the real program with readers of each kind, one of which takes nothing.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

for (const signal of ['SIGTERM', 'SIGINT'])
    test(`${signal}: the last entries, then disconnect, then the end`, scenario(async (world) => {
        const [http, tcp] = await world.ports(2);
        const server = await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }) });
        const sse = await world.sse(http);
        const raw = await world.tcp(tcp);
        await readers(http, { http: 1, tcp: 1 });
        const lines = Array.from({ length: 500 }, (_, i) => `line ${i}`);
        world.append('app.log', lines.map((line) => `${line}\n`).join(''));
        await sse.message('line 499');
        server.signal(signal);
        await sse.end();
        await raw.end();
        assert.deepEqual(sse.messages(), lines);
        assert.deepEqual(raw.messages(), lines);
        const last = sse.parser.events.at(-1);
        assert.deepEqual([last.type, JSON.parse(last.data)], ['disconnect', { reason: 'server_shutdown' }]);
        assert.deepEqual(raw.objects().at(-1), { type: 'disconnect', reason: 'server_shutdown' });
        assert.deepEqual(await server.ended(), { code: 0, signal: null });
    }));

// A reader that takes nothing: its socket's buffers are full, so it keeps the server draining until the time is up.
async function stuck_reader(world, http) {
    const socket = net.connect({ port: http, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.pause();
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
    world.keep({ close: () => socket.destroy() });
    await readers(http, { http: 1 });
    const witness = await world.sse(http);
    for (let i = 0; i < 16; ++i) {
        world.append('app.log', `${'x'.repeat(900_000)}\n`);
        await until('long line', () => witness.events('message').length > i);
    }
    witness.close();
    await readers(http, { http: 1 });
}

test('a reader that takes nothing is waited for only so long', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http, more: { top: '[server]\nshutdown_timeout_ms = 500' } });
    const server = await world.start({ http, config });
    await stuck_reader(world, http);
    server.signal('SIGTERM');
    assert.deepEqual(await server.ended(), { code: 0, signal: null });
}));

test('a second signal ends it at once', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http, more: { top: '[server]\nshutdown_timeout_ms = 600000' } });
    // The core without a reader has ended by then, and nobody joins it any more: that is what "at once" means.
    const env = { TSAN_OPTIONS: `${process.env.TSAN_OPTIONS ?? ''} report_thread_leaks=0` };
    const server = await world.start({ http, config, env });
    await stuck_reader(world, http);
    server.signal('SIGTERM');
    await until('no more listening', async () => {
        const refused = await new Promise((resolve) => {
            const socket = net.connect(http, '127.0.0.1');
            socket.once('connect', () => (socket.destroy(), resolve(false))).once('error', () => resolve(true));
        });
        return refused;
    });
    assert.equal(server.exit, null);
    server.expected_exit = null;
    server.signal('SIGTERM');
    await server.ended();
}));

test('while it drains it says that it is alive but not ready', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http, more: { top: '[server]\nshutdown_timeout_ms = 600000' } });
    // One core: another one, which has no readers, does not wait for those of the first.
    const server = await world.start({ http, config, args: ['--cores', '1'] });
    // Connections that are there when it begins; later ones are refused.
    const ask = await Promise.all(['/readyz', '/healthz'].map(async (target) => {
        const socket = net.connect({ port: http, host: '127.0.0.1' });
        const client = { text: '', ended: false, ask: () => socket.write(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`) };
        socket.setEncoding('utf8').on('data', (more) => (client.text += more)).on('error', () => {}).on('close', () => (client.ended = true));
        world.keep({ close: () => socket.destroy() });
        client.ask();
        await until('200', () => client.text.startsWith('HTTP/1.1 200 '), { seen: () => client.text });
        client.text = '';
        return client;
    }));
    const [ready, alive] = ask;
    await stuck_reader(world, http);
    server.signal('SIGTERM');
    await server.complaint('word about stopping', /stopping/);
    // The core that has the connection hears of it a moment later, and until then answers as before.
    await until('not ready', () => {
        if (ready.text.includes('"ready"}')) ready.text = '';
        if (ready.text === '' && !ready.ended) ready.ask();
        return ready.text.startsWith('HTTP/1.1 503 ') && ready.text.includes('\r\n\r\n{"status":"not ready"}');
    }, { seen: () => JSON.stringify(ready) });
    alive.ask();
    await until('alive', () => alive.text.startsWith('HTTP/1.1 200 '), { seen: () => alive.text });
    await until('their end', () => ready.ended && alive.ended);
    assert.equal(server.exit, null);
    server.expected_exit = null;
    server.signal('SIGTERM');
    await server.ended();
}));
