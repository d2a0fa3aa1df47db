// Rotation by the real logrotate, while a writer writes numbered lines, loses none and doubles none. Method: what a reader saw is
// compared with what was written. With copytruncate the writer pauses around the truncation: what logrotate itself destroys nobody can read.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { run } from './support/program.mjs';
import { get_json, one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const rotations = 8;
const lines_between = 400;

// One numbered line per write, through a descriptor that is opened anew only when told, as services do on their reload signal.
class Writer {
    written = 0;
    constructor(file) {
        this.file = file;
        this.reopen();
    }
    reopen() {
        if (this.descriptor !== undefined) fs.closeSync(this.descriptor);
        this.descriptor = fs.openSync(this.file, 'a', 0o644);
    }
    write(count) {
        for (const end = this.written + count; this.written < end; ++this.written) fs.writeSync(this.descriptor, `n=${this.written}\n`);
    }
}

function logrotate(world, how) {
    const rules = world.write('rotate.conf', `"${world.path('logs/app.log')}" {\n  rotate 20\n  size 1\n  missingok\n  ${how.join('\n  ')}\n}\n`);
    fs.chmodSync(rules, 0o644);
    return run('logrotate', ['--force', '--state', world.path('rotate.state'), rules]);
}

const numbers = (reader) => reader.messages().filter((text) => text.startsWith('n=')).map((text) => Number(text.slice(2)));
const notices = (reader) => reader.messages().filter((text) => text.startsWith('Log rotation detected'));
const all = (count) => Array.from({ length: count }, (_, i) => i);

async function follow(world, pattern = '*.log') {
    const [http] = await world.ports(1);
    fs.mkdirSync(world.path('logs'), { mode: 0o755 });
    const config = one_stream({ dir: world.path('logs'), http, more: { httpserver: 'buffer_size = 100000' } }).replace('*.log', pattern);
    await world.start({ http, config });
    return { http, reader: await world.sse(http), writer: new Writer(world.path('logs/app.log')) };
}

test('create: the writer goes on in the old file until it is told', scenario(async (world) => {
    const { http, reader, writer } = await follow(world);
    for (let round = 1; round <= rotations; ++round) {
        writer.write(lines_between);
        await logrotate(world, ['create 0644']);
        writer.write(lines_between);  // still into the rotated file
        writer.reopen();
        writer.write(lines_between);
    }
    try { await until('all lines', () => numbers(reader).length >= writer.written, {within_ms: 8000}); } catch (e) {
        const got = new Set(numbers(reader)); const miss = all(writer.written).filter((n) => !got.has(n));
        console.log(`MISSING ${miss.length}: ${miss[0]}..${miss.at(-1)}; got ${got.size} raw ${numbers(reader).length} notices ${notices(reader)}`);
        console.log(JSON.stringify(await get_json(http, '/status'), null, 1));
        console.log(fs.readdirSync(world.path('logs')).map((f) => { const t = fs.statSync(world.path('logs/' + f)); return `${f} ino ${t.ino} size ${t.size} ` + fs.readFileSync(world.path('logs/' + f), 'utf8').slice(0, 8).split('\n')[0]; }).join('\n'));
        throw e; }
    assert.deepEqual(numbers(reader), all(writer.written));
    assert.deepEqual(notices(reader), all(rotations).map((i) => `Log rotation detected (#${i + 1}): inode change`));
    assert.equal((await get_json(http, '/status')).monitor.rotations, rotations);
}));

test('create, with a pattern that matches the rotated copies too', scenario(async (world) => {
    const { reader, writer } = await follow(world, 'app.log*');
    for (let round = 1; round <= rotations; ++round) {
        writer.write(lines_between);
        await logrotate(world, ['create 0644']);
        writer.write(lines_between);
        writer.reopen();
        writer.write(lines_between);
    }
    await until('all lines', () => numbers(reader).length >= writer.written);
    assert.deepEqual(numbers(reader).sort((a, b) => a - b), all(writer.written));
}));

test('copytruncate', scenario(async (world) => {
    const { reader, writer } = await follow(world);
    for (let round = 1; round <= rotations; ++round) {
        writer.write(lines_between);
        await until('all lines so far', () => numbers(reader).length >= writer.written);
        await logrotate(world, ['copytruncate']);
        writer.write(1);
        await until('first line after the truncation', () => numbers(reader).length >= writer.written);
    }
    assert.deepEqual(numbers(reader), all(writer.written));
    assert.equal(notices(reader).length, rotations);
}));

test('copytruncate, with a pattern that matches the copies too', scenario(async (world) => {
    const { reader, writer } = await follow(world, 'app.log*');
    for (let round = 1; round <= rotations; ++round) {
        writer.write(lines_between);
        await until('all lines so far', () => numbers(reader).length >= writer.written);
        await logrotate(world, ['copytruncate']);
        writer.write(1);
        await until('first line after the truncation', () => numbers(reader).length >= writer.written);
    }
    assert.deepEqual(numbers(reader).sort((a, b) => a - b), all(writer.written));
}));

test('compressed copies are not read as logs', scenario(async (world) => {
    const { reader, writer } = await follow(world, 'app.log*');
    for (let round = 1; round <= 3; ++round) {
        writer.write(lines_between);
        await until('all lines so far', () => numbers(reader).length >= writer.written);
        await logrotate(world, ['create 0644', 'compress']);
        writer.reopen();
    }
    writer.write(1);
    await until('last line', () => numbers(reader).length >= writer.written);
    assert.deepEqual(numbers(reader), all(writer.written));
    const strange = reader.messages().filter((text) => !/^(n=\d+|Log rotation detected)/.test(text));
    assert.deepEqual(strange, []);
}));
