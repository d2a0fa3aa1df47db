// A full server says so in a way each kind of client understands, and running out of descriptors stops nothing that runs. Method: one
// reader allowed, a second one comes; a descriptor limit, more clients than fit.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { get, get_json, one_stream, readers, scenario } from './support/scenario.mjs';
import { EventStreamReader } from './support/sse.mjs';
import { TcpReader } from './support/tcp.mjs';
import { until } from './support/until.mjs';

test('max_clients', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const more = { httpserver: 'max_clients = 1', tcpserver: 'max_clients = 1' };
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp, more }) });
    const url = `http://127.0.0.1:${http}/stream`;
    const first = await world.sse(http);
    const first_tcp = await world.tcp(tcp);
    await readers(http, { http: 1, tcp: 1 });

    // A browser's EventSource never comes back after a 503, so it is told as an event.
    const browser = world.keep(await EventStreamReader.open(url));
    await browser.end();
    assert.equal(browser.response.statusCode, 200);
    assert.ok(browser.parser.retry > 0);
    assert.deepEqual(browser.parser.events.map(({ type, data }) => [type, data]), [['disconnect', '{"reason":"server_full"}']]);
    const plain = await get(http, '/stream', { headers: { Accept: '*/*' } });
    assert.equal(plain.status, 503);
    assert.ok(Number(plain.headers['retry-after']) > 0);
    const refused = world.keep(await TcpReader.connect(tcp));
    await refused.end();
    assert.deepEqual(refused.messages(), []);

    world.append('app.log', 'still served\n');
    await first.message('still served');
    await first_tcp.message('still served');
    first.close();
    await readers(http, { http: 0, tcp: 1 });
    const next = await world.sse(http);
    world.append('app.log', 'room again\n');
    await next.message('room again');
}));

test('out of descriptors while serving', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const server = await world.start({ http, via: ['prlimit', '--nofile=96:96'], config: one_stream({ dir: world.dir, http, tcp }) });
    const reader = await world.sse(http);
    world.append('app.log', 'followed before\n');
    await reader.message('followed before');
    const crowd = [];
    for (let i = 0; i < 200; ++i) {
        const socket = net.connect({ port: tcp, host: '127.0.0.1' });
        socket.on('error', () => {});
        crowd.push(socket);
    }
    await server.complaint('word about it', /Too many open files; new clients wait/);
    world.append('app.log', 'in the crowd\n');
    await reader.message('in the crowd');
    for (const socket of crowd) socket.destroy();
    // A reader that closed may only have finished sending: it is known to be gone when it answers an entry with a reset.
    // Some of the crowd are accepted only now: who is counted need not be who came last.
    const traffic = setInterval(() => world.append('app.log', 'anybody there?\n'), 50);
    const late = await world.tcp(tcp);
    try {
        await late.message('anybody there?');
        await readers(http, { http: 1, tcp: 1 });
    } finally {
        clearInterval(traffic);
    }
    const { accept_failures } = (await get_json(http, '/status')).reactor;
    assert.ok(accept_failures > 0);
    world.append('new.log', 'a new file, a new reader\n');
    await late.message('a new file, a new reader');
    await reader.message('a new file, a new reader');
    const said = server.stderr.split('\n').filter((line) => /descriptor|Too many open files/i.test(line)).length;
    assert.ok(said <= 10, `said ${said} times`);
    assert.equal((await get_json(http, '/status')).reactor.accept_failures, accept_failures, 'it has recovered');
}));

// A reader needs no descriptor of its own to begin, not even the first on its core, for whom the rings are made.
test('readers that begin when the last descriptor has gone, and those who wait for one', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('app.log', '');  // open from the start: it needs a descriptor too
    const server = await world.start({ http, via: ['prlimit', '--nofile=96:96'], config: one_stream({ dir: world.dir, http }) });
    const crowd = Array.from({ length: 200 }, () => {
        const client = { socket: net.connect({ port: http, host: '127.0.0.1' }), text: '' };
        client.socket.setEncoding('utf8').on('data', (more) => (client.text += more)).on('error', () => {});
        world.keep({ close: () => client.socket.destroy() });
        return client;
    });
    await server.complaint('word about it', /descriptor|Too many open files/i);
    const waiting = new Set(crowd);
    for (const { socket } of crowd) socket.write('GET /stream HTTP/1.1\r\nHost: h\r\n\r\n');
    for (let round = 0; waiting.size > 0; ++round) {
        const joined = await until('more readers', () => {
            const all = [...waiting].filter(({ text }) => text.includes('event: connected'));
            return all.length > 0 && all;
        }, { seen: () => `${waiting.size} wait\n${server.seen()}` });
        world.append('app.log', `round ${round}\n`);
        for (const client of joined) {
            await until('an entry', () => client.text.includes(`"message":"round ${round}"`), { seen: () => client.text });
            client.socket.destroy();
            waiting.delete(client);
        }
    }
}));

test('a reader that fell behind is told exactly how much it missed', scenario(async (world) => {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http, more: { httpserver: 'buffer_size = 100' } }) });
    // The slow reader: its socket is not read until everything was written.
    const slow = net.connect({ port: http, host: '127.0.0.1' });
    world.keep({ close: () => slow.destroy() });
    await new Promise((resolve) => slow.once('connect', resolve));
    slow.pause();
    slow.write('GET /stream HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n');
    const witness = await world.sse(http);
    await readers(http, { http: 2 });
    const padding = 'x'.repeat(4000);
    const total = 8000;
    for (let i = 0; i < total; ++i) {
        world.append('app.log', `${i} ${padding}\n`);
        if (i % 20 === 19) await until('the witness keeps up', () => witness.events('message').length + dropped(witness) > i);
    }
    let text = '';
    slow.setEncoding('utf8').on('data', (more) => (text += more));
    slow.resume();
    await until('the last line', () => text.includes(`"message":"${total - 1} `));

    const { EventStreamParser } = await import('./support/sse.mjs');
    const parser = new EventStreamParser();
    parser.push(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4)));
    let next = 0;
    let gaps = 0;
    for (const event of parser.events) {
        if (event.type === 'gap') {
            ++gaps;
            next += JSON.parse(event.data).dropped;
        } else if (event.type === 'message') {
            assert.equal(Number(JSON.parse(event.data).message.split(' ')[0]), next++);
        }
    }
    assert.equal(next, total);
    assert.ok(gaps > 0, 'nothing was dropped: the test did not test');
}));

const dropped = (reader) => reader.events('gap').reduce((sum, event) => sum + JSON.parse(event.data).dropped, 0);

// Clients may take every descriptor there is, but those that files need.
test('new files are read although clients have taken every descriptor', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const server = await world.start({ http, via: ['prlimit', '--nofile=96:96'], config: one_stream({ dir: world.dir, http, tcp }) });
    const reader = await world.sse(http);
    for (let i = 0; i < 200; ++i) {
        const socket = net.connect({ port: tcp, host: '127.0.0.1' });
        socket.on('error', () => {});
        world.keep({ close: () => socket.destroy() });
    }
    await server.complaint('word about it', /Too many open files; new clients wait/);
    for (let file = 0; file < 20; ++file) {
        world.append(`new${file}.log`, `the first line of ${file}\n`);
        await reader.message(`the first line of ${file}`);
    }
    world.append('new0.log', 'and another\n');
    await reader.message('and another');
}));
