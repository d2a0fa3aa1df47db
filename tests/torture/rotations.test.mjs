// Rotation of every kind while a writer goes on: no line is lost, doubled, torn or out of order; what a truncation destroys is told. Each test
// names its rows of the table in README.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { run } from '../e2e/support/program.mjs';
import { until } from '../e2e/support/until.mjs';
import { Following, long, row } from './support/follow.mjs';
import { logrotate, rename_chain } from './support/rotations.mjs';

const rounds = long ? 200 : 6;
const flat_out = { rate: 0, options: { buffer: 1_000_000 }, rounds: long ? 20 : 2 };
const steady = { rate: 5000, options: {}, rounds };

// `rotate(following, writer, round)` after every few hundred lines of a writer that does not wait for it.
async function rotated(world, { rate, options, rounds: usual }, rotate, { pattern = '*.log', lines = 300, count = usual } = {}) {
        const following = await Following.start(world, { pattern, ...options });
    const writer = await following.writer({ rate });
    await writer.go();
    for (let round = 1; round <= count; ++round) {
        await writer.more(lines);
        await rotate(following, writer, round);
    }
    await writer.more(lines);
    return { following, writer };
}

// The same, and everything arrives.
async function lossless(...how) {
    const { following, writer } = await rotated(...how);
    await following.complete(writer);
    return following;
}

// Lines of a file that was truncated: what did not come is not in any copy either, and is told.
async function nothing_readable_is_lost(following, writer) {
    await writer.pause();
    await following.caught_up(writer);
    const missing = following.judge.missing(writer.name, writer.written);
    const readable = new Set();
    for (const name of fs.readdirSync(following.dir))
        for (const [, number] of fs.readFileSync(`${following.dir}/${name}`, 'utf8').matchAll(/ n=(\d+) x*\.\n/g)) readable.add(Number(number));
    const overlooked = missing.filter((number) => readable.has(number));
    assert.deepEqual(overlooked, [], 'lines that are in a copy and were not given');
    following.judge.destroyed(missing.reduce((sum, number) => sum + writer.line_bytes(number), 0));
    console.log(`# ${missing.length} of ${writer.written} lines destroyed, ${following.judge.told_lost_bytes()} bytes told${following.judge.told_unknown() ? ' as the least' : ''}`);
}

for (const [how, speed] of [['5,000 lines/s', steady], ['flat out', flat_out]]) {
    row('A1', `logrotate create, the writer opens the new file at once, ${how}`, (world) =>
        lossless(world, speed, async (following, writer) => {
            await logrotate(world, writer.file, 'create 0644');
            await writer.reopen();
        }));

    row('A6', `logrotate copytruncate while lines are written, ${how}`, async (world) => {
        const { following, writer } = await rotated(world, speed, (_, writer) => logrotate(world, writer.file, 'copytruncate'));
        await nothing_readable_is_lost(following, writer);
    });

    row('A7', `logrotate copytruncate while lines are written, the copies followed too, ${how}`, async (world) => {
        const { following, writer } = await rotated(world, speed, (_, writer) => logrotate(world, writer.file, 'copytruncate'), { pattern: 'app.log*' });
        await nothing_readable_is_lost(following, writer);
    });

    row('A13', `a chain of renames in one instant, all names followed, ${how}`, (world) =>
        lossless(world, speed, async (_, writer) => {
            rename_chain(writer.file, 3);
            await writer.reopen();
        }, { pattern: 'app.log*', lines: 100 }));
}

// The longest is beyond the time after which a silent file is let go.
for (const after_ms of [10, 500, ...(long ? [6000] : [])])
    row('A2', `the writer keeps the old file for ${after_ms} ms`, (world) =>
        lossless(world, steady, async (following, writer, round) => {
            rename_chain(writer.file);
            await writer.reopen(after_ms);
            await writer.more(after_ms * 5);
        }, { count: after_ms > 1000 ? 1 : 3 }));

row('A3', 'rotated five times while nobody reads', (world) =>
    lossless(world, steady, async (following, writer) => {
        following.server.signal('SIGSTOP');
        for (let i = 0; i < 5; ++i) {
            await writer.more(long ? 3000 : 300);
            rename_chain(writer.file);
            await writer.reopen();
        }
        following.server.signal('SIGCONT');
        await writer.more(300);
    }, { count: 2 }));

row('A4', 'an unread generation is deleted: it is read and let go with no further event', async (world) => {
    const following = await Following.start(world, { sync: 'interval', monitor: 'drain_idle_ms = 500\n' });
    const writer = await following.writer();
    await writer.write(100);
    await following.caught_up(writer);
    following.server.signal('SIGSTOP');
    await writer.write(5000);
    rename_chain(writer.file, 1);
    fs.rmSync(`${writer.file}.1`);
    following.server.signal('SIGCONT');
    await until('all lines', () => following.judge.count('1') === writer.written);
    await until('the deleted file is let go', () => !following.holds('(deleted)'));
    await writer.reopen();
    await following.complete(writer);
});

row('A5', 'logrotate copytruncate while nothing is written', async (world) => {
    const { following, writer } = await rotated(world, steady, async (following, writer) => {
        await writer.pause();
        await logrotate(world, writer.file, 'copytruncate');
        await writer.go();
    }, { pattern: 'app.log*' });
    await following.complete(writer);
    assert.equal(following.judge.told_lost_bytes(), 0);
});

row('A8', 'truncated to nothing, then idle', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.write(100);
    await following.caught_up(writer);
    fs.truncateSync(writer.file);
    await until('the notice', () => following.judge.notices.length === 1);
    await following.complete(writer);
    assert.equal(following.judge.notices.length, 1);
});

for (const restart of [false, true])
    row('A9', `truncated and grown beyond the old position ${restart ? 'while it was killed' : 'between two looks'}`, async (world) => {
        const following = await Following.start(world);
        const writer = await following.writer();
        for (let round = 1; round <= 5; ++round) {
            await writer.write(round * 200);
            await until('lines so far', () => following.judge.count('1') === writer.written);
            if (restart) await following.kill();
            else following.server.signal('SIGSTOP');
            fs.truncateSync(writer.file);
            await writer.write(round * 200 + 150);
            if (restart) await following.launch();
            else following.server.signal('SIGCONT');
        }
        await following.complete(writer);
        assert.ok(following.judge.told_unknown());
    });

row('A10', 'truncated in the middle of a line', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    for (let round = 1; round <= 5; ++round) {
        await writer.write(200);
        await until('lines so far', () => following.judge.count('1') === writer.written);
        fs.truncateSync(writer.file, 5);
        await until('the notice', () => following.judge.notices.length === round);
        // The writer goes on behind the five bytes: that line is whole only to those who did not see the first half of it.
        await writer.text('\n');
    }
    await until('halves', () => following.judge.torn.length === 5);
    for (const text of following.judge.torn.splice(0)) assert.equal(text, 'w=1 f');
    await following.complete(writer);
});

row('A12', 'a writer without O_APPEND goes on behind a hole', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer({ flags: 'w' });
    for (let round = 1; round <= 5; ++round) {
        await writer.write(300);
        await until('lines so far', () => following.judge.count('1') === writer.written);
        fs.truncateSync(writer.file);
    }
    await following.complete(writer);
    fs.truncateSync(writer.file, 10 * 2 ** 30);
    const other = await following.writer({ name: '2', flags: 'a' });
    const began = performance.now();
    await other.write(10);
    await until('lines behind ten gigabytes of nothing', () => following.judge.count('2') === 10);
    assert.ok((await following.status()).monitor.total_bytes < 2 ** 30);
    console.log(`# a hole of 10 GiB took ${Math.round(performance.now() - began)} ms`);
    await following.complete(other);
});

row('A17', 'replaced by another file under its name', (world) =>
    lossless(world, steady, async (following, writer) => {
        fs.writeFileSync(world.path('logs/new.tmp'), '');
        fs.renameSync(world.path('logs/new.tmp'), writer.file);
        await writer.reopen();
    }, { count: long ? 100 : 20, lines: 50 }));

row('A18', 'a symbolic link turned to the next file', async (world) => {
    fs.mkdirSync(world.path('logs'));
    fs.writeFileSync(world.path('logs/0.dated'), '');
    fs.symlinkSync('0.dated', world.path('logs/app.log'));
    await lossless(world, steady, async (following, writer, round) => {
        fs.writeFileSync(world.path(`logs/${round}.dated`), '');
        fs.symlinkSync(`${round}.dated`, world.path('logs/next'));
        fs.renameSync(world.path('logs/next'), writer.file);
        await writer.reopen();
    }, { count: 20, lines: 50 });
});

row('A19', 'rotated at the far end of a chain of links, as containers are', async (world) => {
    for (const dir of ['logs', 'pods/x', 'docker/c']) fs.mkdirSync(world.path(dir), { recursive: true });
    fs.symlinkSync(world.path('docker/c/c-json.log'), world.path('pods/x/0.log'));
    fs.symlinkSync(world.path('pods/x/0.log'), world.path('logs/app.log'));
    fs.writeFileSync(world.path('docker/c/c-json.log'), '');
    let container = 'docker/c/c-json.log';
    await lossless(world, steady, async (following, writer, round) => {
        if (round % 3 !== 0) {
            rename_chain(world.path(container), 5);
        } else {
            // The container was started again: the next log, and the first link leads there.
            fs.mkdirSync(world.path(`docker/c${round}`));
            container = `docker/c${round}/c-json.log`;
            fs.writeFileSync(world.path(container), '');
            fs.symlinkSync(world.path(container), world.path(`pods/x/${round}.log`));
            fs.symlinkSync(world.path(`pods/x/${round}.log`), world.path('next'));
            fs.renameSync(world.path('next'), writer.file);
        }
        await writer.reopen();
    }, { count: 9, lines: 100 });
});

row('A21', 'logrotate compress, all names followed', async (world) => {
    const following = await lossless(world, steady, async (following, writer) => {
        await logrotate(world, writer.file, 'create 0644', 'compress', `postrotate`, `  true`, 'endscript');
        await writer.reopen();
    }, { pattern: 'app.log*' });
    assert.ok(fs.readdirSync(following.dir).some((name) => name.endsWith('.gz')));
});

const options_of_logrotate = {
    'delaycompress': ['create 0644', 'compress', 'delaycompress'],
    'dateext': ['create 0644', 'dateext', 'dateformat -%Y%m%d-%s'],
    'dateext and compress': ['create 0644', 'dateext', 'dateformat -%Y%m%d-%s', 'compress', 'delaycompress'],
    'nocreate': ['nocreate'],
    'olddir': ['create 0644', 'olddir ../old', 'createolddir 0755'],
    'extension': ['create 0644', 'extension .log'],
    'start 0': ['create 0644', 'start 0'],
    'shred': ['create 0644', 'rotate 1', 'shred'],
    'renamecopy': ['renamecopy', 'create 0644'],
    'copy': ['copy'],
};
for (const [name, how] of Object.entries(options_of_logrotate))
    row('A22', `logrotate ${name}`, (world) =>
        lossless(world, steady, async (following, writer, round) => {
            await logrotate(world, writer.file, ...how);
            await writer.reopen();
            // Names by the second: two rotations in one would fall on the same.
            const second = Math.floor(Date.now() / 1000);
            if (name.startsWith('dateext')) await until('next second', () => Math.floor(Date.now() / 1000) > second);
            // Whoever keeps but one generation destroys what was not read in time.
            if (name === 'shred') await until('lines so far', () => following.judge.count('1') >= writer.written - 300);
        }, { count: 4, pattern: name === 'extension' ? 'app.log' : '*.log' }));

row('A57', 'a burst right before the rotation', async (world) => {
    const following = await Following.start(world, { buffer: 1_000_000 });
    const writer = await following.writer({ padding: 300 });
    await writer.write(long ? 1_000_000 : 100_000);
    rename_chain(writer.file, 1);
    await writer.reopen();
    await following.complete(writer);
});

row('A61', 'modification times in the past and the future', (world) =>
    lossless(world, steady, async (following, writer, round) => {
        await run('touch', ['-d', round % 2 === 0 ? '2001-01-01' : '2038-12-31', writer.file]);
    }, { count: 10, lines: 50 }));

row('A70', 'moved out of sight and back', (world) => {
    fs.mkdirSync(world.path('aside'));
    return lossless(world, steady, async (following, writer) => {
        fs.renameSync(writer.file, world.path('aside/app.log'));
        await writer.more(100);
        fs.renameSync(world.path('aside/app.log'), writer.file);
    }, { count: 10, lines: 50 });
});
