// Files of every kind and in every number, while lines are written to them: what is a log is read, whole and once; what is none is left alone
// and hinders nobody. Each test names its rows of the table in README.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../e2e/support/program.mjs';
import { until } from '../e2e/support/until.mjs';
import { Following, long, row, sanitized } from './support/follow.mjs';
import { rename_chain } from './support/rotations.mjs';

const lines_of = (name, from, to, file = 1) => Array.from({ length: to - from + 1 }, (_, i) => `w=${name} f=${file} n=${from + i} x.\n`).join('');
const came = (following, name, count) => until(`${count} lines of ${name}`, () => following.judge.count(name) >= count, { seen: () => following.seen([]) });

function resident_bytes(pid) {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(kilobytes) * 1024;
}

row('A20', 'links that lead nowhere and in circles', async (world) => {
    fs.mkdirSync(world.path('logs'));
    fs.symlinkSync('b.log', world.path('logs/a.log'));
    fs.symlinkSync('a.log', world.path('logs/b.log'));
    fs.symlinkSync('../later/there', world.path('logs/dangling.log'));
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.write(100);
    fs.mkdirSync(world.path('later'));
    fs.writeFileSync(world.path('later/there'), lines_of('2', 1, 10));
    await came(following, '2', 10);
    await following.complete(writer, { name: '2', written: 10, write() {}, pause() {} });
    assert.ok((following.server.stderr.match(/a\.log/g) ?? []).length <= 2, following.server.stderr);
});

row('A23', 'one file with two names is read once', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    fs.linkSync(writer.file, world.path('logs/b.log'));
    await writer.go();
    await writer.more(500);
    fs.rmSync(writer.file);
    await writer.more(500);
    await following.complete(writer);
});

row('A25', 'replaced by a FIFO, a directory, a socket and a file again', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    const other = await following.writer({ name: '2', file: world.path('logs/other.log') });
    await other.go();
    for (const replace of [(at) => run('mkfifo', [at]), (at) => fs.mkdirSync(at), (at) => fs.symlinkSync('/dev/zero', at)]) {
        await writer.write(50);
        await until('lines so far', () => following.judge.count('1') === writer.written);
        fs.rmSync(writer.file);
        await replace(writer.file);
        await until('the warning', () => /app\.log: not a regular file: left alone/.test(following.server.stderr));
        await other.more(200);
        fs.rmSync(writer.file, { recursive: true });
        await writer.reopen();
    }
    await following.complete(writer, other);
});

row('A26, A27', 'without permission for a while, of the file and of its directory', async (world) => {
    if (process.getuid() !== 0) return console.log('# NOT TESTED: only root can start it as somebody else');
    fs.chmodSync(world.dir, 0o755);
    for (const name of ['logs', 'state']) fs.mkdirSync(world.path(name), { recursive: true });
    for (const name of ['state', '.']) fs.chownSync(world.path(name), 65534, 65534);
    const following = await Following.start(world, { via: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] });
    const writer = await following.writer();
    await writer.go();
    for (const [what, mode] of [['logs/app.log', 0o644], ['logs', 0o755]]) {
        await writer.more(200);
        fs.chmodSync(world.path(what), 0);
        await writer.more(200);
        if (what === 'logs') {
            // The new file can be seen only when the directory can be searched again.
            rename_chain(writer.file);
            await writer.reopen();
        }
        await writer.more(200);
        fs.chmodSync(world.path(what), mode);
    }
    // One that was closed to it from the beginning.
    fs.writeFileSync(world.path('logs/closed.log'), lines_of('2', 1, 5), { mode: 0 });
    await until('the complaint', () => /closed\.log.*Permission denied/.test(following.server.stderr));
    fs.chmodSync(world.path('logs/closed.log'), 0o644);
    await came(following, '2', 5);
    await following.complete(writer);
});

row('A33', 'more events than the kernel keeps', async (world) => {
    const following = await Following.start(world);
    const events = 1.2 * Number(fs.readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
    const writer = await following.writer();
    await writer.write(100);
    await until('lines so far', () => following.judge.count('1') === writer.written);
    const descriptors = Array.from({ length: 200 }, (_, i) => fs.openSync(world.path(`logs/f${i}.log`), 'a'));
    let number = 0;
    descriptors.forEach((descriptor, i) => fs.writeSync(descriptor, lines_of('2', ++number, number, i)));
    await came(following, '2', number);
    following.server.signal('SIGSTOP');
    // Two writes to one file in a row would be one event.
    while (number < events) descriptors.forEach((descriptor, i) => fs.writeSync(descriptor, lines_of('2', ++number, number, i)));
    rename_chain(writer.file);
    await writer.reopen();
    await writer.write(100);
    following.server.signal('SIGCONT');
    await came(following, '2', number);
    await following.complete(writer);
    assert.match(following.server.stderr, /inotify events were lost/);
});

row('A34, A35', 'fewer watches than directories, and no inotify at all', async (world) => {
    for (const limit of ['max_inotify_watches', 'max_inotify_instances']) {
        const via = ['unshare', '--user', '--map-root-user', 'sh', '-c', `echo ${limit === 'max_inotify_watches' ? 4 : 0} > /proc/sys/user/${limit} && exec "$@"`, 'sh'];
        try {
            await run(via[0], [...via.slice(1), 'true']);
        } catch {
            return console.log('# NOT TESTED: no user namespaces here');
        }
        const dir = `logs-${limit}`;
        for (let i = 0; i < 10; ++i) fs.mkdirSync(world.path(`${dir}/d${i}`), { recursive: true });
        const following = await Following.start(world, { dir, via, state: `state-${limit}`, targets: `{ path = "${world.path(dir)}", pattern = "*.log", recursive = true }` });
        const writers = [];
        for (let i = 0; i < 10; ++i) writers.push(await following.writer({ name: `${i}`, file: world.path(`${dir}/d${i}/app.log`), rate: 500 }));
        for (const writer of writers) await writer.go();
        for (let round = 0; round < 3; ++round) {
            await writers[9].more(50);
            for (const writer of writers) {
                rename_chain(writer.file);
                await writer.reopen();
            }
        }
        await following.complete(...writers);
        assert.ok((await following.status()).watchers.some((watcher) => watcher.polled), 'some files are looked at instead');
        following.reader.close();
        await following.stopped();
    }
});

row('A38, A39', 'new trees, filled before they can be watched', async (world) => {
    const following = await Following.start(world, { targets: `{ path = "${world.path('logs')}", pattern = "*.log", recursive = true }` });
    const count = long ? 10_000 : 500;
    for (let i = 1; i <= count; ++i) {
        const dir = world.path(`logs/a${i % 7}/b${i}/c`);
        fs.mkdirSync(dir, { recursive: true });
        fs.writeFileSync(`${dir}/x.log`, lines_of('1', i, i, i));
    }
    await came(following, '1', count);
    // Deeper than anybody needs: it ends somewhere, and the rest goes on.
    let deep = world.path('logs');
    while (deep.length < 3900) fs.mkdirSync((deep = path.join(deep, 'deeper')));
    fs.writeFileSync(world.path('logs/last.log'), lines_of('2', 1, 5));
    await came(following, '2', 5);
    following.judge.sound();
});

row('A41', 'a directory with files in it is renamed', async (world) => {
    fs.mkdirSync(world.path('logs/a'), { recursive: true });
    const following = await Following.start(world, { targets: `{ path = "${world.path('logs')}", pattern = "*.log", recursive = true }` });
    const writer = await following.writer({ file: world.path('logs/a/app.log') });
    await writer.go();
    for (let round = 1; round <= 10; ++round) {
        await writer.more(100);
        fs.renameSync(world.path(round % 2 ? 'logs/a' : 'logs/b'), world.path(round % 2 ? 'logs/b' : 'logs/a'));
    }
    await following.complete(writer);
});

row('A42, A68', 'thousands of files, all active, and far fewer descriptors', async (world) => {
    const count = sanitized ? 500 : long ? 10_000 : 3000;
    const following = await Following.start(world, { via: ['prlimit', '--nofile=512'] });
    for (let round = 1; round <= 3; ++round) {
        for (let i = 1; i <= count; ++i) fs.appendFileSync(world.path(`logs/f${i}.log`), lines_of('1', (round - 1) * count + i, (round - 1) * count + i, i));
        if (round === 2) {
            // Some are rotated.
            await came(following, '1', round * count);
            for (let i = 1; i <= 100; ++i) fs.renameSync(world.path(`logs/f${i}.log`), world.path(`logs/f${i}.log.1`));
        }
    }
    await came(following, '1', 3 * count);
    following.judge.sound();
    assert.equal(following.judge.count('1'), 3 * count);
});

row('A45, A47, A48', 'a byte per write, and killed in the middle of lines', async (world) => {
    const following = await Following.start(world);
    const file = fs.openSync(world.path('logs/app.log'), 'a');
    const count = long ? 20_000 : 1000;
    const text = Buffer.from(lines_of('1', 1, count));
    const killed_at = new Set([3, 4, 5].map((part) => Math.floor((text.length * part) / 7)));
    for (let at = 0; at < text.length; ++at) {
        fs.writeSync(file, text, at, 1);
        if (!killed_at.has(at)) continue;
        await following.kill();
        await following.launch();
    }
    await came(following, '1', count);
    following.judge.complete([{ name: '1', written: count }]);
});

row('A49', 'one line of 100 MB', async (world) => {
    const following = await Following.start(world, { buffer: 1000 });
    fs.writeFileSync(world.path('logs/app.log'), lines_of('1', 1, 10));
    await came(following, '1', 10);
    const before = resident_bytes(following.server.pid);
    const file = fs.openSync(world.path('logs/app.log'), 'a');
    const piece = 'é'.repeat(500_000);
    for (let i = 0; i < 100; ++i) fs.writeSync(file, piece);
    fs.writeSync(file, `\n${lines_of('1', 11, 20)}`);
    await came(following, '1', 20);
    if (!sanitized) {
        const grown = resident_bytes(following.server.pid) - before;
        console.log(`# grown by ${(grown / 2 ** 20).toFixed(1)} MiB`);
        // The line as it was cut, on its way: in the carry, in a batch, in the ring.
        assert.ok(grown < 12 * 2 ** 20, `grown by ${grown} bytes`);
    }
    assert.equal(following.judge.strange.length + following.judge.torn.length, 1);
});

row('A53, A55', 'bytes that are no text', async (world) => {
    const following = await Following.start(world);
    fs.writeFileSync(world.path('logs/app.log'), lines_of('1', 1, 10));
    await came(following, '1', 10);
    await run('sh', ['-c', `head -c ${long ? 10_000_000 : 1_000_000} /dev/urandom >> '${world.path('logs/app.log')}'`]);
    fs.appendFileSync(world.path('logs/app.log'), `\n${lines_of('1', 11, 20)}`);
    // Every entry is JSON, or the reader would have failed.
    await came(following, '1', 20);
    assert.deepEqual(following.judge.doubled.concat(following.judge.ids_out_of_step), []);
});

row('A56', 'offsets beyond two and four gigabytes', async (world) => {
    const following = await Following.start(world);
    const file = world.path('logs/app.log');
    fs.writeFileSync(file, lines_of('1', 1, 10));
    let written = 10;
    for (const border of [2 ** 31, 2 ** 32]) {
        fs.truncateSync(file, border - 64);
        fs.appendFileSync(file, lines_of('1', written + 1, written + 20));
        written += 20;
        await came(following, '1', written);
        await following.kill();
        fs.appendFileSync(file, lines_of('1', written + 1, written + 20));
        written += 20;
        await following.launch();
        await came(following, '1', written);
    }
    following.judge.complete([{ name: '1', written }]);
});

row('A58, A59', 'files that begin alike, and files of one line', async (world) => {
    const following = await Following.start(world);
    const banner = '#'.repeat(4096);
    const count = 50;
    for (let i = 1; i <= count; ++i) fs.writeFileSync(world.path(`logs/b${i}.log`), `${banner}\n${lines_of('1', i, i, i)}`);
    for (let i = 1; i <= count; ++i) fs.writeFileSync(world.path(`logs/s${i}.log`), lines_of('2', i, i, i));
    await came(following, '1', count);
    await came(following, '2', count);
    assert.equal(following.judge.strange.length, count);
    assert.deepEqual(following.judge.doubled, []);
});

row('A63', 'names that nobody should give a file', async (world) => {
    const following = await Following.start(world);
    const names = ['a\nb', '\x1b[31mred', '"quoted"', "o'clock", '-rf', 'a..b', '$(id)', 'x'.repeat(251), '\\', '%s%n', '\u2028'];
    names.forEach((name, i) => fs.writeFileSync(world.path(`logs/${name}.log`), lines_of('1', i + 1, i + 1, i)));
    fs.writeFileSync(Buffer.concat([Buffer.from(world.path('logs/')), Buffer.from([0xff, 0xfe]), Buffer.from('.log')]), lines_of('1', names.length + 1, names.length + 1, names.length));
    await came(following, '1', names.length + 1);
    following.judge.complete([{ name: '1', written: names.length + 1 }]);
    assert.ok((await following.status()).watchers.length > names.length);
});

row('A65', 'holes are punched into what was read', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.write(1000);
    await until('lines so far', () => following.judge.count('1') === writer.written);
    await run('fallocate', ['--punch-hole', '--offset', '0', '--length', '8192', writer.file]);
    await following.complete(writer);
});

row('A66', 'written past the page cache', async (world) => {
    const following = await Following.start(world);
    const file = world.path('logs/app.log');
    const block = (from, to) => {
        const text = lines_of('1', from, to);
        return text + `${'#'.repeat(4096 - (text.length % 4096) - 1)}\n`;
    };
    fs.writeFileSync(world.path('block'), block(1, 50));
    const options = ['conv=notrunc', 'oflag=append,direct', 'bs=4096', 'status=none'];
    try {
        await run('dd', [`if=${world.path('block')}`, `of=${file}`, ...options]);
    } catch {
        return console.log('# NOT TESTED: no direct writes on this file system');
    }
    fs.writeFileSync(world.path('block'), block(51, 100));
    await run('dd', [`if=${world.path('block')}`, `of=${file}`, ...options]);
    await came(following, '1', 100);
    assert.deepEqual(following.judge.doubled, []);
});
