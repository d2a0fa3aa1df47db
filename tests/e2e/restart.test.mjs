// With [state] a stream goes on after its server has ended, however it ended: the next line, the next id, files rotated meanwhile. Method: a real
// writer, SIGKILL and SIGTERM, a reader that comes back by its last id.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import zlib from 'node:zlib';
import { one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

function config_of(world, http) {
    return one_stream({
        dir: world.path('logs'), http,
        more: { top: `[state]\nenabled = true\ndirectory = "${world.path('state')}"\nmax_bytes = 1048576\n`, httpserver: 'buffer_size = 100000\n' },
    });
}

const numbers = (messages) => messages.filter((text) => text.startsWith('line ')).map((text) => Number(text.slice(5)));

test('killed at any moment, rotated meanwhile: every line once, in order', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', '');
    const config = config_of(world, http);
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    const got = [];
    let written = 0;
    const write = (count) => { for (let i = 0; i < count; ++i) world.append('logs/app.log', `line ${++written}\n`); };
    for (let round = 1; round <= 12; ++round) {
        write(100);
        await reader.message(`line ${written}`);
        const last_id = reader.events('message').at(-1).id;
        got.push(...reader.messages());
        if (round % 4 === 0) {
            await world.stop(server);
        } else {
            server.expected_exit = null;
            server.signal('SIGKILL');
            await server.ended();
        }
        write(50);
        if (round % 3 === 0) {
            fs.renameSync(world.path('logs/app.log'), world.path('logs/app.log.1'));
            world.write('logs/app.log', '');
            write(50);
        }
        if (round % 6 === 0) {
            fs.renameSync(world.path('logs/app.log.1'), world.path('logs/app.log.2'));
            fs.renameSync(world.path('logs/app.log'), world.path('logs/app.log.1'));
            world.write('logs/app.log', '');
            write(50);
        }
        if (round % 5 === 0) world.write(`logs/new${round}.log`, `created ${round}\n`);
        server = await world.start({ http, config });
        reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
    }
    write(1);
    await reader.message(`line ${written}`);
    await until('files created meanwhile', () => got.concat(reader.messages()).filter((text) => text.startsWith('created')).length === 2);
    got.push(...reader.messages());
    assert.deepEqual(reader.events('gap'), []);
    assert.deepEqual(numbers(got), Array.from({ length: written }, (_, i) => i + 1));
}));

test('copied and truncated while it was down: what is there now was not lost', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', '');
    const config = config_of(world, http);
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    let written = 0;
    const write = (count) => { for (let i = 0; i < count; ++i) world.append('logs/app.log', `line ${++written}\n`); };
    write(20);
    await reader.message('line 20');
    const last_id = reader.events('message').at(-1).id;
    await world.stop(server);
    fs.writeFileSync(world.path('logs/app.log.1.gz'), zlib.gzipSync(fs.readFileSync(world.path('logs/app.log'))));
    fs.truncateSync(world.path('logs/app.log'), 0);
    write(100);
    server = await world.start({ http, config });
    reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
    await reader.message('line 120');
    assert.deepEqual(numbers(reader.messages()), Array.from({ length: 100 }, (_, i) => i + 21));
    const notice = reader.events('message').map(({ data }) => JSON.parse(data)).find(({ message }) => message.startsWith('Log rotation'));
    assert.deepEqual(notice.fields, { lost_bytes_at_least: 0 });
}));

test('a second server on the same directory refuses to start', scenario(async (world) => {
    const [http, other] = await world.ports(2);
    await world.start({ http, config: config_of(world, http) });
    const second = world.launch({ config: config_of(world, other) });
    second.expected_exit = 1;
    const exit = await second.ended();
    assert.equal(exit.code, 1);
    assert.match(second.stderr, /state directory .*state: is in use by process \d+; name another with --state-directory/);
}));

test('a damaged, a foreign and a newer ledger', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', 'one\n');
    const config = config_of(world, http);
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    world.append('logs/app.log', 'two\n');
    await reader.message('two');
    const old_id = reader.events('message').at(-1).id;
    await world.stop(server);
    const ledger = world.path('state/app.ledger');
    const whole = fs.readFileSync(ledger);

    // In the middle: set aside, the stream goes on under new ids, the reader is told.
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 3 * 64 + 20, 3 * 64 + 22);
    fs.writeFileSync(ledger, damaged);
    world.append('logs/app.log', 'three\n');
    server = await world.start({ http, config });
    await server.complaint('reason', /slots of its ledger are damaged/);
    reader = await world.sse(http, '/stream', { 'Last-Event-ID': old_id });
    world.append('logs/app.log', 'four\n');
    await reader.message('four');
    await world.stop(server);
    assert.ok(fs.readdirSync(world.path('state')).some((name) => name.startsWith('app.ledger.aside-')));

    // Its beginning is destroyed, or it is none: the stream begins like a first one, with the files' ends. Whoever comes with an id of before is
    // told that there may be a gap, of nobody knows how much.
    const headless = Buffer.from(whole);
    headless.fill(0xff, 8, 24);
    for (const bytes of [headless, Buffer.from('something else entirely\n')]) {
        fs.writeFileSync(ledger, bytes);
        const down = `while it was down, ${bytes.length}`;
        world.append('logs/app.log', `${down}\n`);
        server = await world.start({ http, config });
        await server.complaint('reason', /is not a ledger, or its beginning is damaged: it is kept as/);
        reader = await world.sse(http, '/stream', { 'Last-Event-ID': old_id });
        world.append('logs/app.log', 'from now on\n');
        await reader.message('from now on');
        assert.deepEqual(reader.messages(), ['from now on']);
        const [gap, ...others] = reader.events('gap').map(({ data }) => JSON.parse(data));
        assert.deepEqual([gap.dropped, gap.from, others], [null, old_id, []]);
        await world.stop(server);
    }

    // Torn: as a power failure leaves it.
    fs.writeFileSync(ledger, whole.subarray(0, whole.length - 30));
    server = await world.start({ http, config });
    reader = await world.sse(http);
    world.append('logs/app.log', 'five\n');
    await reader.message('five');
    await world.stop(server);
}));

for (const protocol of ['http', 'tcp'])
    test(`logwisp tail over ${protocol} is given what was written while the server was down`, scenario(async (world) => {
        const [http, tcp] = await world.ports(2);
        world.write('logs/app.log', '');
        const config = one_stream({ dir: world.path('logs'), http, tcp, more: { httpserver: 'buffer_size = 16\n', tcpserver: 'buffer_size = 16\n' } });
        let server = await world.start({ http, config });
        const address = protocol === 'http' ? `http://127.0.0.1:${http}/stream` : `127.0.0.1:${tcp}`;
        const tail = world.run(process.env.E2E_PROGRAM, ['tail', '--json', address]);
        await readers(http, { [protocol]: 1 });
        let written = 0;
        const write = (count) => { for (let i = 0; i < count; ++i) world.append('logs/app.log', `line ${++written}\n`); };
        for (let round = 0; round < 3; ++round) {
            write(1);
            await tail.output('what is written now', new RegExp(`"line ${written}"`));
            server.expected_exit = null;
            server.signal('SIGKILL');
            await server.ended();
            write(100);
            server = await world.start({ http, config });
            await tail.output('what was written meanwhile', new RegExp(`"line ${written}"`));
        }
        assert.deepEqual(numbers(tail.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line).message)), Array.from({ length: written }, (_, i) => i + 1));
        assert.doesNotMatch(tail.stderr, /missed|missing/);
    }));

test('a damaged slot takes nothing else of the past with it', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', '');
    const config = one_stream({ dir: world.path('logs'), http, more: { httpserver: 'buffer_size = 16\n' } });
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    let written = 0;
    const write = async (count) => {
        for (let i = 0; i < count; ++i) world.append('logs/app.log', `line ${++written}\n`);
        await reader.message(`line ${written}`);
    };
    for (let batch = 0; batch < 30; ++batch) await write(10);
    const first_id = reader.events('message')[0].id;
    await world.stop(server);
    // Of one of the runs, in their middle.
    const ledger = world.path('state/app.ledger');
    const bytes = fs.readFileSync(ledger);
    const runs = Array.from({ length: bytes.length / 64 }, (_, slot) => slot).filter((slot) => bytes[slot * 64 + 4] === 6 && bytes.readUInt32LE(slot * 64 + 16) > 0);
    const damaged = runs[Math.floor(runs.length / 2)];
    const gone = bytes.readUInt32LE(damaged * 64 + 16);
    bytes[damaged * 64 + 30] ^= 1;
    bytes[damaged * 64 + 40] ^= 1;
    fs.writeFileSync(ledger, bytes);
    for (let i = 0; i < 5; ++i) world.append('logs/app.log', `line ${++written}\n`);
    server = await world.start({ http, config });
    reader = await world.sse(http, '/stream', { 'Last-Event-ID': first_id });
    await write(1);
    const got = numbers(reader.messages());
    assert.deepEqual(got, [...new Set(got)].sort((a, b) => a - b), 'in order, once');
    const told = reader.events('gap').reduce((sum, { data }) => sum + JSON.parse(data).dropped, 0);
    assert.equal(told, gone);
    assert.equal(got.length + told, written - 1);
}));

// Every slot once, at another of its bytes each time; every byte of every slot is in tests/core/ledger_file_test.cpp.
test('a changed byte of the ledger loses and doubles nothing', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', '');
    world.write('logs/other.log', '');
    const config = config_of(world, http);
    const ledger = world.path('state/app.ledger');
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    let written = 0;
    const got = [];
    const write = (name) => world.append(name, `line ${++written}\n`);
    for (let slot = 0, slots = 1; slot < slots && slot < 20; ++slot) {
        write('logs/app.log');
        await reader.message(`line ${written}`);
        write('logs/other.log');
        await reader.message(`line ${written}`);
        const last_id = reader.events('message').at(-1).id;
        got.push(...reader.messages());
        server.expected_exit = null;
        server.signal('SIGKILL');
        await server.ended();
        const bytes = fs.readFileSync(ledger);
        slots = bytes.length / 64;
        bytes[slot * 64 + (slot * 27 + 5) % 64] ^= 0x80 >> slot % 8;
        fs.writeFileSync(ledger, bytes);
        write('logs/other.log');
        server = await world.start({ http, config });
        await server.complaint('mended', /1 slots of its ledger were damaged, each in one byte: mended/);
        reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
        await reader.message(`line ${written}`);
        assert.deepEqual(reader.events('gap'), []);
    }
    got.push(...reader.messages());
    assert.deepEqual(numbers(got), Array.from({ length: written }, (_, i) => i + 1));
}));

// Targets, files and paths are slots of kind 3, 5 and 4.
test('slots damaged beyond mending: files are known by what they hold, and new ones are read from their first byte', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = config_of(world, http);
    world.write('logs/app.log', '');
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    let written = 0;
    const got = [];
    const write = (name) => world.append(name, `line ${++written}\n`);
    const ledger = world.path('state/app.ledger');
    let damaged_inode = 0;
    for (const kind of [5, 3, 5]) {
        // A new one has taken the place of the one that was damaged before: one that is whole and only has not yet would be taken instead.
        await until('a new ledger', () => fs.statSync(ledger).ino !== damaged_inode && !fs.existsSync(`${ledger}.new`));
        write('logs/app.log');
        write('logs/app.log');
        await reader.message(`line ${written}`);
        const last_id = reader.events('message').at(-1).id;
        got.push(...reader.messages());
        server.expected_exit = null;
        server.signal('SIGKILL');
        await server.ended();
        const bytes = fs.readFileSync(ledger);
        damaged_inode = fs.statSync(ledger).ino;
        let damaged = 0;
        for (let at = 0; at < bytes.length; at += 64)
            if (bytes[at + 4] === kind) damaged += bytes.fill(0xa5, at + 8, at + 40) ? 1 : 0;
        assert.notEqual(damaged, 0);
        fs.writeFileSync(ledger, bytes);
        write('logs/app.log');
        write(`logs/new${written}.log`);
        server = await world.start({ http, config });
        await server.complaint('damage', /slots of its ledger are damaged/);
        reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
        await until('the lines', () => numbers(reader.messages()).length >= 2, { seen: () => reader.messages() });
        assert.deepEqual(reader.events('gap'), []);
    }
    got.push(...reader.messages());
    assert.deepEqual(numbers(got).sort((a, b) => a - b), Array.from({ length: written }, (_, i) => i + 1));
}));

// What a slot that is not there said nobody knows; a reader that was given what it said is told so.
test('a ledger cut at any length loses nothing and doubles nothing, or says so', scenario(async (world) => {
    const [http] = await world.ports(1);
    const log = world.write('logs/app.log', '');
    const config = config_of(world, http);
    const ledger = world.path('state/app.ledger');
    const kill = async (server) => {
        server.expected_exit = null;
        server.signal('SIGKILL');
        await server.ended();
    };
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    for (let line = 1; line <= 4; ++line) {
        world.append('logs/app.log', `line ${line}\n`);
        await reader.message(`line ${line}`);
    }
    const last_id = reader.events('message').at(-1).id;
    await kill(server);
    const whole = fs.readFileSync(ledger);
    const given = fs.statSync(log).size;
    let exact = 0;
    for (let bytes = whole.length; bytes > 0; bytes -= 32) {
        fs.writeFileSync(ledger, whole.subarray(0, bytes));
        fs.truncateSync(log, given);
        world.append('logs/app.log', 'line 5\n');
        server = await world.start({ http, config });
        reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
        world.append('logs/app.log', 'line 6\n');
        await reader.message('line 6');
        const got = numbers(reader.messages());
        const told = reader.events('gap').map(({ data }) => JSON.parse(data).dropped);
        if (told.length === 0) {
            ++exact;
            assert.deepEqual(got, [5, 6], `cut to ${bytes} of ${whole.length}`);
        } else {
            assert.deepEqual(told, [null], `cut to ${bytes} of ${whole.length}`);
            assert.deepEqual(got, Array.from({ length: got.length }, (_, i) => i + 7 - got.length), `cut to ${bytes} of ${whole.length}`);
        }
        await kill(server);
    }
    assert.equal(exact, 1);
}));

test('a ledger from a backup: an id that it does not know of is never taken for another entry', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', '');
    const config = config_of(world, http);
    const ledger = world.path('state/app.ledger');
    const given = new Map();
    const note = (reader) => {
        for (const { id, data } of reader.events('message')) {
            const { message } = JSON.parse(data);
            assert.equal(given.get(id) ?? message, message, `${id} was given to two entries`);
            given.set(id, message);
        }
    };
    let written = 0;
    let last_id;
    const run = async (headers) => {
        const server = await world.start({ http, config });
        const reader = await world.sse(http, '/stream', headers);
        world.append('logs/app.log', `line ${++written}\n`);
        await reader.message(`line ${written}`);
        note(reader);
        last_id = reader.events('message').at(-1).id;
        await world.stop(server);
        return reader;
    };
    await run();
    const backup = fs.readFileSync(ledger);
    const known = last_id;
    for (let round = 0; round < 3; ++round) await run();
    fs.writeFileSync(ledger, backup);
    // What came after it comes once more, under other ids, and the reader is told so.
    const reader = await run({ 'Last-Event-ID': last_id });
    assert.deepEqual(reader.events('gap').map(({ data }) => JSON.parse(data).dropped), [null]);
    assert.deepEqual(numbers(reader.messages()).slice(-4), [2, 3, 4, 5]);
    // What came before it is known still.
    assert.deepEqual(numbers((await run({ 'Last-Event-ID': known })).messages()), [2, 3, 4, 5, 6]);
}));

test('the state directory is removed while the server runs: said once, and kept again', scenario(async (world) => {
    const [http] = await world.ports(1);
    world.write('logs/app.log', '');
    const config = config_of(world, http);
    let server = await world.start({ http, config });
    let reader = await world.sse(http);
    let written = 0;
    const write = () => world.append('logs/app.log', `line ${++written}\n`);
    write();
    await reader.message(`line ${written}`);
    fs.rmSync(world.path('state'), { recursive: true });
    // It looks when it has something to do.
    await until('the new ledger', () => {
        if (fs.existsSync(world.path('state/app.ledger'))) return true;
        write();
        return false;
    });
    write();
    await reader.message(`line ${written}`);
    const got = reader.messages();
    const last_id = reader.events('message').at(-1).id;
    assert.equal(server.stderr.match(/app\.ledger was removed/g).length, 1);
    server.expected_exit = null;
    server.signal('SIGKILL');
    await server.ended();
    write();
    server = await world.start({ http, config });
    reader = await world.sse(http, '/stream', { 'Last-Event-ID': last_id });
    await reader.message(`line ${written}`);
    assert.deepEqual(reader.events('gap'), []);
    assert.deepEqual(numbers(got.concat(reader.messages())), Array.from({ length: written }, (_, i) => i + 1));
}));
