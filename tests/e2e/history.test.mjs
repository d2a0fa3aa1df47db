// The log files are the history: what the ring has lost is read from them again, wherever rotation has put it by then, and joined to the
// live stream without a gap or a double. Method: numbered lines, real rotation, real gzip, small rings, readers of every kind.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { spawnSync } from 'node:child_process';
import { get, one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const buffer = 64;
const sanitized = process.env.E2E_SANITIZED === '1';

function config_of(world, { http, tcp, monitor = '', state = true }) {
    return one_stream({
        dir: world.path('logs'), http, tcp,
        more: {
            top: state ? `[state]\nenabled = true\ndirectory = "${world.path('state')}"\n` : '[state]\nenabled = false\n',
            monitor, httpserver: `buffer_size = ${buffer}\n`, tcpserver: `buffer_size = ${buffer}\n`,
        },
    });
}

// A server whose stream has `lines` numbered lines behind it, none of the first in its ring.
async function with_past(world, lines, options = {}) {
    const [http, tcp] = await world.ports(2);
    world.write('logs/app.log', '');
    const server = await world.start({ http, config: config_of(world, { http, tcp, ...options }), args: options.args ?? [] });
    let written = 0;
    const write = (count) => {
        const text = Array.from({ length: count }, () => `line ${++written}\n`).join('');
        world.append('logs/app.log', text);
    };
    const arrived = (count = written) => until(`${count} entries`, async () =>
        JSON.parse((await get(http, '/status')).body).monitor.total_entries >= count);
    write(lines);
    await arrived(lines);
    const epoch = options.state === false ? '' : JSON.parse((await get(http, '/entries?limit=1')).body).id.split('-')[0];
    return { server, http, tcp, write, arrived, epoch, written: () => written };
}

const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => `line ${first + i}`);
const without_notices = (messages) => messages.filter((text) => text.startsWith('line '));
const entries_of = (body) => body.split('\n').filter(Boolean).map((line) => JSON.parse(line));

test('an id that is three rotations and one gzip old', scenario(async (world) => {
    const past = await with_past(world, 500);
    const logs = (name) => world.path(`logs/${name}`);
    fs.renameSync(logs('app.log'), logs('app.log.1'));
    world.write('logs/app.log', '');
    past.write(500);
    await past.arrived(1001);
    fs.renameSync(logs('app.log.1'), logs('app.log.2'));
    fs.renameSync(logs('app.log'), logs('app.log.1'));
    world.write('logs/app.log', '');
    past.write(500);
    await past.arrived(1502);
    fs.renameSync(logs('app.log.2'), logs('app.log.3'));
    fs.renameSync(logs('app.log.1'), logs('app.log.2'));
    fs.renameSync(logs('app.log'), logs('app.log.1'));
    world.write('logs/app.log', '');
    past.write(500);
    await past.arrived(2003);
    assert.equal(spawnSync('gzip', [logs('app.log.3')]).status, 0);
    const reader = await world.sse(past.http, '/stream', { 'Last-Event-ID': `${past.epoch}-10` });
    past.write(1);
    await reader.message('line 2001');
    assert.deepEqual(without_notices(reader.messages()), range(11, 2001));
    assert.deepEqual(reader.events('gap'), []);
    const ids = reader.events('message').map(({ id }) => Number(id.split('-')[1]));
    assert.deepEqual(ids, Array.from({ length: ids.length }, (_, i) => 11 + i));
    assert.equal(reader.messages().filter((text) => text.startsWith('Log rotation')).length, 3);
}));

test('entries come out of the past as they went out live', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    world.write('logs/app.log', '');
    await world.start({ http, config: config_of(world, { http, tcp, monitor: 'max_line_bytes = 300\nflush_partial_ms = 50\n' }) });
    const live = await world.sse(http);
    const hostile = [
        'plain', '', '\r', 'crlf\r', '{"level":"warn","msg":"json","n":1}', '2024-01-02T03:04:05Z ERROR with a time', '\u0000\u0000nul', 'x'.repeat(1000),
        '\u2028 \u2029 event: x', 'e\u0301', `{"message":"${'y'.repeat(600)}"}`, ': comment', '[1,2]', '<3>kernel',
    ];
    for (const line of hostile) world.append('logs/app.log', `${line}\n`);
    fs.appendFileSync(world.path('logs/app.log'), Buffer.from([0xff, 0xfe, 0x41, 0x0a]));
    world.append('logs/app.log', 'half');
    await live.message('half');
    world.append('logs/app.log', ' and its rest\n');
    await live.message(' and its rest');
    // Cut while its end had not come: what follows up to the LF is wanted by nobody.
    world.append('logs/app.log', 'z'.repeat(400));
    await until('a cut line', () => live.messages().some((text) => text.startsWith('zzz')));
    world.append('logs/app.log', `${'z'.repeat(50)}\nafter it\n`);
    await live.message('after it');
    fs.renameSync(world.path('logs/app.log'), world.path('logs/app.log.1'));
    world.write('logs/app.log', 'the end\n');
    await live.message('the end');
    const fetched = entries_of((await get(http, '/entries')).body);
    const sent = live.events('message').map(({ id, data }) => ({ id, ...JSON.parse(data) }));
    assert.deepEqual(fetched, sent);
    assert.equal(fetched.filter(({ message }) => message.startsWith('Log rotation')).length, 1);
}));

for (const cores of [1, 2])
    test(`where a reader may begin, on ${cores} core(s)`, scenario(async (world) => {
        const { http, tcp, epoch, write } = await with_past(world, 1000, { args: ['--cores', `${cores}`] });
        const all = async (target, headers) => {
            const reader = await world.sse(http, target, headers);
            await reader.message('line 1000');
            return reader.messages();
        };
        for (let again = 0; again < 4; ++again) {
            assert.deepEqual(await all(`/stream?last_event_id=${epoch}-1`), range(2, 1000));
            assert.deepEqual(await all('/stream?tail=700'), range(301, 1000));
            assert.deepEqual(await all('/stream?tail=7000'), range(1, 1000));
            assert.deepEqual(await all('/stream?since=1h'), range(1, 1000));
            assert.deepEqual(await all(`/stream?tail=${buffer / 2}`), range(1001 - buffer / 2, 1000));
        }
        const spoken = async (line) => {
            const reader = await world.tcp(tcp);
            reader.say(`${line}\n`);
            await until(`an answer to ${line}`, () => /line 1000"|"error"/.test(reader.text), { seen: () => reader.text.slice(-300) });
            return reader.objects();
        };
        const resumed = await spoken(`RESUME ${epoch}-400`);
        assert.deepEqual(resumed.map(({ message }) => message), range(401, 1000));
        assert.deepEqual(resumed.map(({ id }) => id), Array.from({ length: 600 }, (_, i) => `${epoch}-${401 + i}`));
        assert.equal((await spoken('TAIL 300')).length, 300);
        assert.equal((await spoken('SINCE 10m')).length, 1000);
        assert.equal((await spoken('LOSSLESS TAIL 1000')).length, 1000);
        assert.equal((await spoken('TAIL many')).at(-1).type, 'error');
        // Everybody goes on live, once and in order.
        write(1);
    }));

test('what is asked for wrongly, or is not there', scenario(async (world) => {
    const { http, tcp, epoch } = await with_past(world, 200);
    for (const [target, says] of [
        ['/entries?from=nonsense', /from must be the id/], [`/entries?to=other-5`, /to must be the id/], ['/entries?limit=0', /limit must be/],
        ['/entries?limit=10000000', /limit must be/], ['/entries?since=yesterday', /since must be/], ['/stream?until=5', /until must be/],
        ['/stream?lossless=yes', /lossless must be/], ['/stream?tail=-1', /tail must be/], ['/stream?tail=%zz', /tail must be/],
        ['/stream?since=%zz', /since must be/], ['/stream?last_event_id=nonsense', /last_event_id must be the id/],
        [`/stream?lastEventId=${epoch}`, /lastEventId must be the id/], [`/entries?from=${epoch}-201`, /from must be the id/],
        [`/entries?to=${epoch}-201`, /to must be the id/], ['/status?inode=%zz', /inode must be/],
    ]) {
        const answer = await get(http, target);
        assert.equal(answer.status, 400, target);
        assert.match(JSON.parse(answer.body).message, says);
    }
    const some = entries_of((await get(http, `/entries?from=${epoch}-5&to=${epoch}-9`)).body);
    assert.deepEqual(some.map(({ message }) => message), range(5, 9));
    const cut = entries_of((await get(http, `/entries?from=${epoch}-5&limit=2`)).body);
    assert.deepEqual(cut.at(-1), { type: 'more', from: `${epoch}-7` });
    assert.deepEqual(entries_of((await get(http, `/entries?from=${epoch}-200&to=${epoch}-10`)).body), []);
    assert.deepEqual(entries_of((await get(http, '/entries?since=2099-01-01T00:00:00Z')).body), []);
    const head = await get(http, '/entries', { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-type'], 'application/x-ndjson');
    // A stream that ends, and a browser that is told not to come back.
    const ended = await get(http, '/stream?since=1h&until=0s');
    assert.match(ended.body, /"message":"line 200"[^]*event: disconnect\ndata: {"reason":"until"}\n\n$/);
    assert.equal((await get(http, '/stream?until=0s', { headers: { 'Last-Event-ID': `${epoch}-200` } })).status, 204);
    // The files are gone: an honest gap, the exact number, no wrong data.
    fs.rmSync(world.path('logs/app.log'));
    world.write('logs/app.log', 'another file\n');
    const gone = await world.sse(http, `/stream?last_event_id=${epoch}-20`);
    await gone.message('another file');
    const [gap] = gone.events('gap').map(({ data }) => JSON.parse(data));
    assert.deepEqual([gap.from, gap.dropped + without_notices(gone.messages()).length], [`${epoch}-21`, 180]);
    assert.equal(gap.entries, undefined);
    const late = await world.tcp(tcp);
    late.say('hello\n');
    await readers(http, { http: 1, tcp: 1 });
    world.append('logs/app.log', 'live all the same\n');
    await late.message('live all the same');
    assert.equal(late.entries().at(-1).id, undefined);
}));

// Browsers come back with the header as long as they live, so it never is an error. Whatever it holds, the reader is given what the buffer has,
// and told that it may lack what was before, and where that is.
for (const state of [true, false])
    test(`an id that was never given out, ${state ? 'with' : 'without'} a ledger`, scenario(async (world) => {
        const { http, tcp } = await with_past(world, 200, { state });
        const last = await world.sse(http, '/stream?tail=1');
        await last.message('line 200');
        const [epoch] = last.events('message')[0].id.split('-');
        const oldest = 200 - buffer + 1;
        const all = async (reader) => {
            await reader.message('line 200');
            assert.deepEqual(reader.messages(), range(oldest, 200));
        };
        const told = async (gap, from) => {
            const { to, entries, ...others } = gap;
            assert.deepEqual(others, { dropped: null, ...(from && { from }) });
            assert.match(to, new RegExp(`^${epoch}-${oldest - 1}$`));
            if (!state) return assert.equal(entries, undefined);
            const fetched = entries_of((await get(http, entries)).body);
            assert.deepEqual(fetched.map(({ message }) => message), range(1, oldest - 1));
        };
        const future = `${epoch}-201`;
        for (const [target, headers, from] of [
            ['/stream', { 'Last-Event-ID': 'nonsense' }], ['/stream', { 'Last-Event-ID': '"}\\\xff<x' }], ['/stream?tail=5', { 'Last-Event-ID': `${'9'.repeat(4000)}` }],
            ['/stream', { 'Last-Event-ID': 'another-7' }, 'another-7'], ['/stream', { 'Last-Event-ID': future }, future],
            ['/stream?last_event_id=another-7', {}, 'another-7'], [`/stream?lastEventId=${future}`, {}, future],
        ]) {
            const reader = await world.sse(http, target, headers);
            await all(reader);
            const gaps = reader.events('gap').map(({ data }) => JSON.parse(data));
            assert.equal(gaps.length, 1, target);
            await told(gaps[0], from);
        }
        for (const [line, from] of [['RESUME another-7', 'another-7'], [`resume ${future}`, future]]) {
            const reader = await world.tcp(tcp);
            reader.say(`${line}\n`);
            const { type, ...gap } = await reader.control('gap');
            await told(gap, from);
            await all(reader);
        }
        if (!state) return;
        // One that ends is given all there is, and then knows an id of ours.
        const ended = await get(http, '/stream?until=0s', { headers: { 'Last-Event-ID': 'another-7' } });
        assert.match(ended.body, /event: gap\ndata: {"dropped":null,"from":"another-7","to":"[0-9a-f]+-0"}\n\n[^]*"line 1"[^]*"line 200"[^]*{"reason":"until"}/);
    }));

test('what a raw TCP reader says in small letters, and what it says wrongly', scenario(async (world) => {
    const { tcp } = await with_past(world, 200);
    const small = await world.tcp(tcp);
    small.say('tail 150\n');
    await small.message('line 200');
    assert.deepEqual(small.messages(), range(51, 200));
    for (const [line, says] of [['RESUME nonsense', /RESUME must be/], ['tail -f', /TAIL must be/], ['since noon', /SINCE must be/], ['tail 5 please', /are understood here/]]) {
        const reader = await world.tcp(tcp);
        reader.say(`${line}\n`);
        assert.match((await reader.control('error')).message, says);
        await reader.end();
    }
}));

test('without a ledger there is no past, and that is said', scenario(async (world) => {
    const { http, tcp } = await with_past(world, 10, { state: false });
    assert.equal((await get(http, '/entries')).status, 404);
    assert.match(JSON.parse((await get(http, '/stream?lossless=1')).body).message, /keeps no past/);
    assert.match(JSON.parse((await get(http, '/stream?since=1m')).body).message, /keeps no past/);
    const reader = await world.tcp(tcp);
    reader.say('SINCE 1m\n');
    assert.match((await reader.control('error')).message, /keeps no past/);
}));

test('a lossless reader that stops for a while gets everything', scenario(async (world) => {
    const past = await with_past(world, 10);
    const lossless = await world.sse(past.http, '/stream?lossless=1');
    const plain = await world.sse(past.http);
    past.write(1);
    await lossless.message('line 11');
    await plain.message('line 11');
    lossless.pause();
    plain.pause();
    for (let round = 0; round < 200; ++round) {
        past.write(1000);
        await past.arrived();
    }
    lossless.resume();
    plain.resume();
    past.write(1);
    const last = (reader) => reader.events('message').at(-1)?.data.includes(`"line ${past.written()}"`);
    await until('all lines', () => last(lossless));
    assert.deepEqual(lossless.messages(), range(11, past.written()));
    assert.deepEqual(lossless.events('gap'), []);
    // The other one is told what it missed, and where that can be fetched.
    await until('the last line', () => last(plain));
    const gaps = plain.events('gap').map(({ data }) => JSON.parse(data));
    assert.ok(gaps.length > 0, 'a pause too short to be overrun');
    let fetched = [];
    for (const gap of gaps) fetched = fetched.concat(entries_of((await get(past.http, `${gap.entries}&limit=1000000`)).body).map(({ message }) => message));
    assert.equal(fetched.length, gaps.reduce((sum, { dropped }) => sum + dropped, 0));
    const number = (text) => Number(text.slice(5));
    assert.deepEqual(plain.messages().concat(fetched).sort((a, b) => number(a) - number(b)), range(11, past.written()));
}));

// 200 MB for a reader that stands still, and then takes them: by the number on each line, without keeping the text.
test('a lossless reader that stops for 200 MB gets everything, and memory stays flat', scenario(async (world) => {
    const { server, tcp, http } = await with_past(world, 10);
    const line_bytes = 200;
    const lines = sanitized ? 50_000 : 1_000_000;
    let written = 10;
    const write = (count) => {
        let text = '';
        for (let i = 0; i < count; ++i) text += `line ${++written} `.padEnd(line_bytes - 1, 'x') + '\n';
        world.append('logs/app.log', text);
    };
    const reader = { got: 0, wrong: 0, rest: '' };
    const socket = net.connect({ port: tcp, host: '127.0.0.1' });
    world.keep({ close: () => socket.destroy() });
    socket.setEncoding('latin1').on('data', (chunk) => {
        const all = reader.rest + chunk;
        const end = all.lastIndexOf('\n') + 1;
        reader.rest = all.slice(end);
        for (const [, number] of all.slice(0, end).matchAll(/"message":"line (\d+) /g))
            if (Number(number) !== 10 + ++reader.got) ++reader.wrong;
        if (/"type":"(gap|disconnect|error)"/.test(chunk)) ++reader.wrong;
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('LOSSLESS\n');
    await readers(http, { tcp: 1 });
    const everything = (within_ms) => until('everything', () => reader.got === written - 10, { within_ms, seen: () => JSON.stringify({ ...reader, rest: 0, written }) });
    // What steady flow needs is there after a while.
    for (let round = 0; round < (sanitized ? 20 : 200); ++round) {
        write(1000);
        await until('it was read', () => written - 10 - reader.got < 100_000);
    }
    await everything(60_000);
    const resident_kib = () => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
    const before = resident_kib();
    socket.pause();
    for (let left = lines; left > 0; left -= 1000) write(1000);
    await until('all of it read', async () => JSON.parse((await get(http, '/status')).body).monitor.total_entries >= written, { within_ms: 60_000 });
    let peak = resident_kib();
    socket.resume();
    const watching = setInterval(() => (peak = Math.max(peak, resident_kib())), 20);
    try {
        await everything(120_000);
    } finally {
        clearInterval(watching);
    }
    assert.equal(reader.wrong, 0);
    if (!sanitized) assert.ok(peak < before + 2048, `${before} KiB before, ${peak} KiB while it caught up`);
}));
