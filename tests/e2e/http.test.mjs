// HTTP as clients, browsers and probes use it: methods, errors, CORS, keep-alive, and heads that never end or mean harm. Method:
// requests by Node's client, and raw bytes where a client would not send them.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { get, one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

async function serve(world, httpserver = '') {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http, more: { httpserver } }) });
    return http;
}

// Sends bytes as they are and gives all that comes back until the server closes.
async function raw(port, bytes) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    let text = '';
    let ended = false;
    socket.setEncoding('utf8').on('data', (more) => (text += more)).on('error', () => {}).on('close', () => (ended = true));
    for (const part of [bytes].flat()) socket.write(part);
    await until('answer and close', () => ended, { seen: () => text });
    return text;
}

test('methods and errors', scenario(async (world) => {
    const http = await serve(world);
    for (const [method, headers] of [['POST', {}], ['POST', { 'Content-Length': '0' }], ['POST', { 'Content-Length': '3' }], ['PUT', { 'Content-Length': '3' }], ['DELETE', {}], ['PATCH', {}]]) {
        const answer = await get(http, '/stream', { method, headers });
        assert.equal(answer.status, 405, method);
        assert.match(answer.headers.allow, /GET/);
        assert.match(answer.headers.allow, /HEAD/);
        assert.equal(typeof JSON.parse(answer.body).error, 'string');
    }
    const lost = await get(http, '/nowhere?x=1');
    assert.equal(lost.status, 404);
    const { error, available } = JSON.parse(lost.body);
    assert.equal(error, 'Not Found');
    for (const known of ['/stream', '/status', '/entries']) assert.ok(available.includes(known), known);

    const status = await get(http, '/status?pretty=1');
    const head = await get(http, '/status', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body, head.headers['content-type']], [200, '', status.headers['content-type']]);
    const head_of_stream = await get(http, '/stream', { method: 'HEAD' });
    assert.equal(head_of_stream.status, 200);
    assert.equal(head_of_stream.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(head_of_stream.body, '');
}));

test('CORS: named origins only, preflight included', scenario(async (world) => {
    const http = await serve(world, 'cors_origins = ["https://logs.example"]');
    const ask = (origin) => get(http, '/status', { headers: { Origin: origin } });
    const let_in = await ask('https://logs.example');
    assert.equal(let_in.headers['access-control-allow-origin'], 'https://logs.example');
    assert.match(let_in.headers.vary ?? '', /Origin/i);
    assert.equal((await ask('https://evil.example')).headers['access-control-allow-origin'], undefined);

    const preflight = await get(http, '/stream', {
        method: 'OPTIONS',
        headers: { Origin: 'https://logs.example', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'last-event-id' },
    });
    assert.ok(preflight.status === 200 || preflight.status === 204, `${preflight.status}`);
    assert.equal(preflight.headers['access-control-allow-origin'], 'https://logs.example');
    assert.match(preflight.headers['access-control-allow-methods'], /GET/);
    assert.match(preflight.headers['access-control-allow-headers'], /last-event-id/i);
}));

test('keep-alive, pipelining, HTTP/1.0', scenario(async (world) => {
    const http = await serve(world);
    const three = await raw(http, 'GET /healthz HTTP/1.1\r\nHost: h\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: h\r\n\r\nGET /status HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.deepEqual(three.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
    assert.match(await raw(http, 'GET /healthz HTTP/1.0\r\n\r\n'), /^HTTP\/1\.[01] 200/);
}));

test('heads that are refused', scenario(async (world) => {
    const http = await serve(world);
    const long = 'a'.repeat(9000);
    for (const [what, bytes, status] of [
        ['not HTTP', 'hello\r\n\r\n', 400],
        ['line too long', `GET /${long} HTTP/1.1\r\nHost: h\r\n\r\n`, /41[04]|431/],
        ['head too large', `GET / HTTP/1.1\r\nHost: h\r\n${`X: ${'b'.repeat(4000)}\r\n`.repeat(10)}\r\n`, 431],
        ['no Host', 'GET /status HTTP/1.1\r\n\r\n', 400],
        ['two Hosts', 'GET /status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
        ['folded header', 'GET /status HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n', 400],
        ['body by chunks and length', 'GET /status HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
        ['dot segments', 'GET /../status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', /40[04]/],
    ]) {
        const answer = await raw(http, bytes);
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status.source ?? status} `), what);
        assert.match(answer, /\r\n\r\n\{"error":"/, what);
    }
    assert.equal((await get(http, '/healthz')).status, 200);
}));

test('a head that trickles in is answered 408 after ten seconds, an idle connection is just closed', scenario(async (world) => {
    const http = await serve(world);
    const began = performance.now();
    const slow = net.connect({ port: http, host: '127.0.0.1' });
    const idle = net.connect({ port: http, host: '127.0.0.1' });
    const text = { slow: '', idle: '' };
    const closed = { slow: false, idle: false };
    for (const [name, socket] of Object.entries({ slow, idle }))
        socket.setEncoding('utf8').on('data', (more) => (text[name] += more)).on('error', () => {}).on('close', () => (closed[name] = true));
    slow.write('GET /status HTTP/1.1\r\n');
    const drip = setInterval(() => slow.writable && slow.write('X: y\r\n'), 500);
    try {
        await until('both closed', () => closed.slow && closed.idle, { within_ms: 60_000, seen: () => JSON.stringify({ text, closed }) });
    } finally {
        clearInterval(drip);
    }
    assert.match(text.slow, /^HTTP\/1\.1 408 /);
    assert.equal(text.idle, '');
    assert.ok(performance.now() - began > 9000, 'closed before its time');
}));
