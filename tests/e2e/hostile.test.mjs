// Whatever a log line holds, readers get one valid JSON object and nothing else: no line breaks an event, none forges one. Method: lines
// made of every troublesome byte, read by SSE and by TCP with decoders of our own; both must be the same bytes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const hostile = [
    'plain',
    '\r', 'a\rb', 'data: forged\r\r', 'x\rid: 999\rdata: {"forged":true}\r\r', 'event: disconnect',
    '\0', 'a\0b', '\ufeffbom', '\u2028\u2029', '\x1b[31mred\x1b[0m', '\x7f\x80',
    '"', '\\', '\\u0000', '"}\n'.trim(), '</script><script>alert(1)</script>',
    '{', '{"a":', '{"message":{"deep":[1,2,{}]}}', '{"type":"heartbeat"}', '{"type":"disconnect","reason":"server_shutdown"}',
    '{"message":"one\\ntwo\\rthree","level":"\\u0000"}', '{"a":"\\ud800"}', '{"time":"nonsense","level":42,"message":null}',
    'null', 'true', '1e999', '[]', '""', '\t', 'retry: 1', ': comment', '[ERROR', '<3>', '<999>x', 'level=', '%s%n%d', '$(id)', '`id`',
    '{"id":"5","event":"x","data":"y","message":"named like fields"}',
    `${'['.repeat(5000)}`, `{"a":${'{"a":'.repeat(2000)}1${'}'.repeat(2001)}`, 'é'.repeat(3000),
].map((text) => Buffer.from(text));
const invalid_utf8 = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x61, 0xf0, 0x9f, 0x98]].map((bytes) => Buffer.from(bytes));
const every_byte = Buffer.from(Array.from({ length: 256 }, (_, i) => i).filter((byte) => byte !== 10));
const lines = [...hostile, ...invalid_utf8, every_byte];
const end = 'the end of it';

test('hostile lines', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }) });
    const sse = await world.sse(http);
    const raw = await world.tcp(tcp);
    await readers(http, { http: 1, tcp: 1 });
    const file = fs.openSync(world.path('app.log'), 'a');
    for (const line of [...lines, Buffer.from(end)]) fs.writeSync(file, Buffer.concat([line, Buffer.from('\n')]));
    fs.closeSync(file);
    await sse.message(end);
    await raw.message(end);

    const by_sse = sse.events('message').map((event) => event.data);
    const by_tcp = raw.text.split('\n').slice(0, -1);
    assert.deepEqual(by_sse, by_tcp);
    for (const text of by_tcp) {
        const entry = JSON.parse(text);
        assert.deepEqual(Object.keys(entry), ['time', 'source', 'level', 'message', 'fields'].filter((key) => key in entry));
        assert.equal(entry.source, 'app.log');
        assert.equal(typeof entry.message, 'string');
        assert.doesNotMatch(text, /[\u0000-\u001f]/);
    }
    // Only events of ours: nothing a line held became one. A line of one CR is an empty line and is skipped.
    assert.deepEqual([...new Set(sse.parser.events.map(({ type }) => type))].sort(), ['connected', 'message']);
    assert.ok(by_tcp.length >= lines.length - 2 && by_tcp.length <= lines.length + 1, `${by_tcp.length} of ${lines.length + 1}`);
    const ids = sse.events('message').map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(!ids.includes('999'));
}));

test('a line longer than the limit is cut and marked, the next one is whole', scenario(async (world) => {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http, more: { monitor: 'max_line_bytes = 1024' } }) });
    const sse = await world.sse(http);
    world.append('app.log', `${'é'.repeat(100_000)}\nnext\n`);
    await sse.message('next');
    const [cut] = sse.entries();
    assert.deepEqual(cut.fields, { truncated: true, original_bytes: 200_000 });
    assert.match(cut.message, /^é{500,512}\ufffd?$/);
}));

test('a line is held until its end comes', scenario(async (world) => {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    const sse = await world.sse(http);
    for (const part of ['be', 'gi', 'n', 'ning']) {
        world.append('app.log', part);
        world.append('other.log', `${part}\n`);
        await sse.message(part);
    }
    world.append('app.log', ' and end\r\n');
    await sse.message('beginning and end');
    await until('nothing else', () => sse.entries().length === 5);
}));
