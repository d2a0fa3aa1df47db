// What logrotate has rotated and packed while no server ran is delivered after the next start, once and in order; what was read before it was
// packed is not delivered again. Method: the real logrotate, numbered lines, servers that are killed and stopped, a reader that comes back by
// its last id.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import test from 'node:test';
import { promisify } from 'node:util';
import { one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const run = promisify(execFile);
const all = (count) => Array.from({ length: count }, (_, i) => i + 1);
const numbers = (messages) => messages.filter((text) => text.startsWith('line ')).map((text) => Number(text.split(' ')[1]));

// A stream with a ledger, a writer of numbered lines, and what its readers were given so far.
class Restarts {
    written = 0;
    got = [];
    constructor(world, http, pattern) {
        this.world = world;
        this.http = http;
        this.file = world.path('logs/app.log');
        const state = `[state]\nenabled = true\ndirectory = "${world.path('state')}"\n`;
        this.config = one_stream({ dir: world.path('logs'), http, more: { top: state, httpserver: 'buffer_size = 200000\n' } }).replace('*.log', pattern);
        fs.mkdirSync(world.path('logs'), { mode: 0o755 });
        fs.writeFileSync(this.file, '');
    }
    async start() {
        this.server = await this.world.start({ http: this.http, config: this.config });
        this.reader = await this.world.sse(this.http, '/stream', this.last_id ? { 'Last-Event-ID': this.last_id } : {});
    }
    write(count, filler = '') {
        let text = '';
        for (let i = 0; i < count; ++i) text += `line ${++this.written}${filler && ` ${filler}`}\n`;
        fs.appendFileSync(this.file, text);
    }
    async delivered() {
        await this.reader.message(`line ${this.written}`);
    }
    async end(how) {
        const events = this.reader.events('message');
        this.last_id = events.length > 0 ? events.at(-1).id : this.last_id;
        this.got.push(...this.reader.messages());
        assert.deepEqual(this.reader.events('gap'), []);
        if (how === 'SIGTERM') return this.world.stop(this.server);
        this.server.expected_exit = null;
        this.server.signal('SIGKILL');
        await this.server.ended();
    }
    async logrotate(...rules) {
        // Names with seconds in them, so that each is another one. logrotate's clock is a little behind.
        const second = Math.floor(Date.now() / 1000);
        if (rules.includes('dateext')) await until('another second', () => Date.now() > second * 1000 + 1050);
        const file = this.world.write('rotate.conf', `"${this.file}" {\n  rotate 100\n  size 1\n  missingok\n  ${rules.join('\n  ')}\n}\n`);
        fs.chmodSync(file, 0o644);
        await run('logrotate', ['--force', '--state', this.world.path('rotate.state'), file]);
    }
    check() {
        assert.deepEqual(numbers(this.got.concat(this.reader.messages())), all(this.written));
    }
}

async function killed_after_ten_lines(world) {
    const [http] = await world.ports(1);
    const log = new Restarts(world, http, '*.log');
    await log.start();
    log.write(10);
    await log.delivered();
    await log.end('SIGKILL');
    return log;
}

async function rotated_while_down(world, pattern, ...rules) {
    const [http] = await world.ports(1);
    const log = new Restarts(world, http, pattern);
    await log.start();
    for (let round = 0; round < 6; ++round) {
        log.write(100);
        await log.delivered();
        if (round === 3) {
            // Also while it runs.
            await log.logrotate(...rules);
            log.write(20);
            await log.delivered();
        }
        await log.end(round % 3 === 1 ? 'SIGTERM' : 'SIGKILL');
        log.write(50);
        for (let rotations = round % 3; rotations >= 0; --rotations) {
            await log.logrotate(...rules);
            log.write(round === 4 ? 1 : 50);
        }
        await log.start();
    }
    log.write(1);
    await log.delivered();
    const packed = fs.readdirSync(world.path('logs')).filter((name) => name.endsWith('.gz'));
    assert.equal(packed.length >= 5, rules.includes('compress'));
    log.check();
}

for (const rules of [
    ['create 0644', 'compress'],
    ['create 0644', 'compress', 'delaycompress'],
    ['create 0644', 'compress', 'dateext', 'dateformat -%Y%m%d-%s'],
    ['create 0644', 'compress', 'delaycompress', 'dateext', 'dateformat -%Y%m%d-%s'],
    ['create 0644', 'compress', 'dateext', 'dateformat -%Y%m%d-%s', 'extension .log'],
    ['copytruncate', 'compress'],
    ['copytruncate', 'compress', 'delaycompress'],
    ['copytruncate'],
])
    test(`packed while down: ${rules.join(', ')}`, scenario((world) => rotated_while_down(world, '*.log', ...rules)));

test('packed while down, and the names of packed files are followed too', scenario((world) => rotated_while_down(world, 'app.log*', 'create 0644', 'compress')));

// A process that gets no processor for a while, not one that starts.
for (const rules of [['create 0644'], ['create 0644', 'compress'], ['create 0644', 'compress', 'delaycompress'], ['copytruncate'], ['copytruncate', 'compress', 'delaycompress']])
    test(`rotated three times between two looks: ${rules.join(', ')}`, scenario(async (world) => {
        const [http] = await world.ports(1);
        const log = new Restarts(world, http, '*.log');
        await log.start();
        for (let round = 0; round < 2; ++round) {
            log.write(100);
            await log.delivered();
            log.server.signal('SIGSTOP');
            log.write(50);
            for (let rotation = 0; rotation < 3; ++rotation) {
                await log.logrotate(...rules);
                log.write(30);
            }
            log.server.signal('SIGCONT');
            await log.delivered();
        }
        log.check();
    }));

test('packed while down by something else than gzip: it is said which file may hold unread lines', scenario(async (world) => {
    const log = await killed_after_ten_lines(world);
    // Read before.
    fs.writeFileSync(`${log.file}.2.xz`, 'packed');
    fs.utimesSync(`${log.file}.2.xz`, 1e9, 1e9);
    await until('another tick', () => Date.now() > fs.statSync(log.file).mtimeMs + 100);
    fs.writeFileSync(`${log.file}.1.xz`, 'packed');
    fs.rmSync(log.file);
    fs.writeFileSync(log.file, '');
    await log.start();
    log.write(1);
    await log.delivered();
    await log.server.complaint('the file', /app\.log\.1\.xz: may hold unread lines of .*\/app\.log and is left alone: only what gzip has packed is read/);
    assert.doesNotMatch(log.server.stderr, /2\.xz/);
}));

test('50 MB that are only in a packed file', scenario(async (world) => {
    const log = await killed_after_ten_lines(world);
    const filler = 'x'.repeat(1000);
    for (let block = 0; block < 50; ++block) {
        let text = '';
        for (let i = 0; i < 1000; ++i) text += `line ${++log.written}\n${filler}\n`;
        fs.appendFileSync(log.file, text);
    }
    await log.logrotate('create 0644', 'compress');
    log.write(10);
    await log.start();
    await log.delivered();
    log.check();
    // It is in the ledger as its text, so history finds it again.
    await log.end('SIGTERM');
    await log.start();
    const again = await world.sse(log.http, '/stream?tail=50000');
    await again.message(`line ${log.written}`);
    assert.deepEqual(numbers(again.messages()).slice(-10_000), all(log.written).slice(-10_000));
    assert.deepEqual(again.events('gap'), []);
}));

test('killed again and again while it reads what was rotated and packed on the days before', scenario(async (world) => {
    const log = await killed_after_ten_lines(world);
    const days = 6;
    for (let day = days; day > 0; --day) {
        log.write(4000, 'x'.repeat(1000));
        const then = Date.now() / 1000 - day * 86_400;
        fs.utimesSync(log.file, then, then);
        await log.logrotate('create 0644', 'compress', 'delaycompress');
    }
    log.write(4000, 'x'.repeat(1000));
    // Killed as soon as the reader has some more of it.
    for (let kills = 1; kills <= 6; ++kills) {
        await log.start();
        await until('some more', () => log.reader.events('message').length >= 300 * kills);
        await log.end('SIGKILL');
    }
    await log.start();
    log.write(1);
    await log.delivered();
    log.check();
}));
