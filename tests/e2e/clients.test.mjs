// A line written to a followed file reaches every client that people use, as the same JSON entry. Method: the real clients, one after
// another, against one stream with both servers.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { EventSource } from 'eventsource';
import { one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const entry_of_hello = /\{"time":"[^"]+","source":"app\.log","level":"ERROR","message":"ERROR hello 你好 \\"quoted\\""\}/;
const hello = 'ERROR hello 你好 "quoted"\n';

async function both_servers(world) {
    const [http, tcp] = await world.ports(2);
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }) });
    return { http, tcp };
}

test('curl -N', scenario(async (world) => {
    const { http } = await both_servers(world);
    const curl = world.run('curl', ['-sN', '-D', '-', `http://127.0.0.1:${http}/stream`]);
    await curl.output('greeting', /event: connected\ndata: (\{.*\})\n\n/);
    world.append('app.log', hello);
    await curl.output('entry', new RegExp(`\nid: \\S+\ndata: ${entry_of_hello.source}\n\n`));
    assert.match(curl.stdout, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(curl.stdout, /^content-type: text\/event-stream; charset=utf-8\r$/im);
    assert.match(curl.stdout, /^cache-control: no-store, no-transform\r$/im);
    assert.match(curl.stdout, /^x-accel-buffering: no\r$/im);
    assert.doesNotMatch(curl.stdout, /^transfer-encoding/im);
    assert.match(curl.stdout, /\r\n\r\nretry: \d+\n/);
}));

for (const [name, command, args] of [
    ['nc', 'nc', (port) => ['127.0.0.1', port]],
    ['telnet', 'telnet', (port) => ['127.0.0.1', port]],
    ['socat', 'socat', (port) => ['-', `TCP:127.0.0.1:${port}`]],
])
    test(name, scenario(async (world) => {
        const { http, tcp } = await both_servers(world);
        const client = world.run(command, args(tcp));
        await readers(http, { tcp: 1 });
        world.append('app.log', hello);
        await client.output('entry', new RegExp(`${entry_of_hello.source}\r?\n`));
        client.child.stdin.write('what a reader sends is ignored\n');
        world.append('app.log', 'second\n');
        await client.output('second entry', /"message":"second"\}/);
    }));

test('eventsource of Node', scenario(async (world) => {
    const { http } = await both_servers(world);
    const source = new EventSource(`http://127.0.0.1:${http}/stream`);
    world.keep(source);
    const seen = { connected: [], message: [] };
    for (const type of Object.keys(seen)) source.addEventListener(type, (event) => seen[type].push(event));
    await until('connected event', () => seen.connected.length);
    assert.deepEqual(Object.keys(JSON.parse(seen.connected[0].data)), ['client_id', 'stream', 'buffer_size', 'stream_path', 'status_path']);
    world.append('app.log', hello);
    await until('message', () => seen.message.length);
    assert.match(seen.message[0].data, new RegExp(`^${entry_of_hello.source}$`));
    assert.notEqual(seen.message[0].lastEventId, '');
}));

test('several clients see the same entries in the same order', scenario(async (world) => {
    const { http, tcp } = await both_servers(world);
    const by_sse = await world.sse(http);
    const by_tcp = await world.tcp(tcp);
    await readers(http, { http: 1, tcp: 1 });
    const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`);
    for (const line of lines) world.append(line.endsWith('7') ? 'other.log' : 'app.log', `${line}\n`);
    await until('all entries by SSE', () => by_sse.entries().length >= lines.length);
    await until('all entries by TCP', () => by_tcp.entries().length >= lines.length);
    assert.deepEqual(by_sse.entries(), by_tcp.entries());
    assert.deepEqual(by_sse.messages().toSorted?.() ?? by_sse.messages().sort(), [...lines].sort());
    const order = (source) => by_sse.entries().filter((entry) => entry.source === source).map((entry) => entry.message);
    assert.deepEqual(order('app.log'), lines.filter((line) => !line.endsWith('7')));
    assert.deepEqual(order('other.log'), lines.filter((line) => line.endsWith('7')));
}));

test('resume: Last-Event-ID begins right after that entry, tail=N that many back', scenario(async (world) => {
    const { http } = await both_servers(world);
    const first = await world.sse(http);
    for (let i = 1; i <= 20; ++i) world.append('app.log', `line ${i}\n`);
    await first.message('line 20');
    const id_of = (text) => first.events('message').find((event) => JSON.parse(event.data).message === text).id;
    const expected = ['line 18', 'line 19', 'line 20'];
    for (const [target, headers] of [
        ['/stream', { 'Last-Event-ID': id_of('line 17') }],
        [`/stream?last_event_id=${id_of('line 17')}`, {}],
        [`/stream?lastEventId=${id_of('line 17')}`, {}],
        ['/stream?tail=3', {}],
    ]) {
        const again = await world.sse(http, target, headers);
        await again.message('line 20');
        assert.deepEqual(again.messages(), expected, target);
    }
}));

// A client that is asked now and then whether it still reads, by a comment or a heartbeat.
const probed = {
    http: { request: 'GET /stream HTTP/1.1\r\nHost: h\r\n\r\n', probe: /^:.*\n\n/gm },
    tcp: { request: 'ignored\n', probe: /\{"type":"heartbeat".*\}\n/g },
};
for (const [kind, { request, probe }] of Object.entries(probed)) {
    const connect = async (world, ports) => {
        const client = { socket: net.connect({ port: ports[kind], host: '127.0.0.1', allowHalfOpen: true }), text: '', ended: false };
        client.socket.setEncoding('utf8').on('data', (more) => (client.text += more)).on('error', () => {}).on('end', () => (client.ended = true));
        world.keep({ close: () => client.socket.destroy() });
        client.socket.write(request);
        await readers(ports.http, { [kind]: 1 });
        return client;
    };

    test(`${kind} reader that has finished sending, as nc -N: asked twice, served on`, scenario(async (world) => {
        const ports = await both_servers(world);
        const client = await connect(world, ports);
        client.socket.end();
        await until('two probes', () => (client.text.match(probe) ?? []).length === 2, { seen: () => client.text });
        world.append('app.log', 'after the probes\n');
        await until('an entry', () => client.text.includes('"message":"after the probes"'), { seen: () => client.text });
        assert.equal(client.ended, false);
        await readers(ports.http, { [kind]: 1 });
    }));

    test(`${kind} reader that has gone is noticed though no entry comes`, scenario(async (world) => {
        const ports = await both_servers(world);
        const client = await connect(world, ports);
        client.socket.destroy();
        await readers(ports.http, {});
    }));
}
