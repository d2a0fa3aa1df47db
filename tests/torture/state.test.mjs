// What happens to the state directory: no room, no write, no sync, other users, and a process that is killed between any two steps of beginning a
// new ledger. The stream goes on; nothing that was given out is given out for something else; what cannot be known is told.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { run } from '../e2e/support/program.mjs';
import { until } from '../e2e/support/until.mjs';
import { Following, row, sanitized } from './support/follow.mjs';
import { mount, mounting, mount_ext4 } from './support/mounts.mjs';

const so_far = (following, writer) => until('lines so far', () => following.judge.count(writer.name) === writer.written, { seen: () => following.seen([writer]) });

// Never ready: says why and exits with 1.
async function refused(world, following_options, pattern) {
    await assert.rejects(Following.start(world, { ...following_options, expected_exit: 1 }), (error) => {
        assert.match(error.message, pattern);
        assert.match(error.message, /its end: {"code":1,"signal":null}/);
        return true;
    });
}

row('C10', 'the disk is full, and then it is not', mounting(async (world) => {
    const state = await mount(world, 'state', '-t', 'tmpfs', '-o', 'size=64k', 'none');
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.go();
    await until('the complaint', () => /its ledger cannot be written: .*No space left on device.*entries go on/.test(following.server.stderr), { seen: () => following.server.stderr });
    await writer.more(2000);
    await run('mount', ['-o', 'remount,size=4M', state]);
    await until('it is kept again', () => /its ledger is kept again/.test(following.server.stderr), { seen: () => following.server.stderr });
    assert.equal(following.server.stderr.match(/cannot be written/g).length, 1, following.server.stderr);
    for (let round = 1; round <= 3; ++round) {
        await writer.more(500);
        await following.kill();
        await writer.more(100);
        await following.launch();
    }
    await following.complete(writer);
}));

row('C10', 'the disk is full from the start', mounting(async (world) => {
    const state = await mount(world, 'state', '-t', 'tmpfs', '-o', 'size=64k', 'none');
    fs.writeFileSync(`${state}/other`, 'x'.repeat(64 * 1024));
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.write(100);
    await so_far(following, writer);
    assert.match(following.server.stderr, /its ledger cannot be written: .*No space left on device.*entries go on/);
    fs.rmSync(`${state}/other`);
    await until('it is kept again', () => /its ledger is kept again/.test(following.server.stderr), { seen: () => following.server.stderr });
    await writer.write(100);
    await so_far(following, writer);
    await following.kill();
    await writer.write(100);
    await following.launch();
    await following.complete(writer);
    assert.deepEqual(fs.readdirSync(state).filter((name) => name.includes('aside')), []);
}));

row('C10', 'killed while the disk is full: the reader is told', mounting(async (world) => {
    await mount(world, 'state', '-t', 'tmpfs', '-o', 'size=64k', 'none');
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.go();
    await until('the complaint', () => /its ledger cannot be written/.test(following.server.stderr), { seen: () => following.server.stderr });
    await writer.more(1000);
    await writer.pause();
    await so_far(following, writer);
    await following.kill();
    await following.launch();
    await until('the gap', () => following.judge.gaps.some((gap) => gap.dropped === null), { seen: () => following.server.stderr });
    await following.caught_up(writer);
    // Nothing is lost; what was given out and not recorded comes again, under other ids.
    assert.deepEqual(following.judge.missing('1', writer.written), []);
    assert.match(following.server.stderr, /the last entries before the stop may not be in the ledger/);
}));

row('C10, C12', 'a file system that cannot be written, at the start', mounting(async (world) => {
    await mount(world, 'state', '-t', 'tmpfs', '-o', 'ro', 'none');
    await refused(world, {}, /state.*Read-only file system/);
}));

row('C10', 'a sync that fails', mounting(async (world) => {
    // The image believes in more room than there is: writing succeeds, syncing does not.
    await mount(world, 'small', '-t', 'tmpfs', '-o', 'size=3M', 'none');
    await mount_ext4(world, 'state', { image: world.path('small/disk.ext4'), size: '32M' });
    const following = await Following.start(world, { sync: 'batch' });
    const writer = await following.writer({ rate: 2000 });
    await writer.go();
    try {
        fs.writeFileSync(world.path('small/filler'), Buffer.alloc(3 * 2 ** 20));
    } catch {
        // As much as there is room for.
    }
    await until('the complaint', () => /its ledger cannot be written: .*(Input\/output error|No space left on device|Read-only file system)/.test(following.server.stderr), { seen: () => following.server.stderr });
    await writer.more(1000);
    await writer.pause();
    await so_far(following, writer);
    following.judge.complete([writer]);
    following.reader.close();
}));

row('C12', 'a state directory that is not there is made; one that cannot be is told', async (world) => {
    const following = await Following.start(world, { state: 'not/there/yet' });
    const writer = await following.writer();
    await writer.write(10);
    await following.complete(writer);
    following.reader.close();
    await following.stopped();
    world.write('occupied', 'a file\n');
    await refused(world, { state: 'occupied' }, /occupied: cannot be (made|opened)/);
    if (process.getuid() !== 0) return console.log('# NOT TESTED: only root can start it as somebody else');
    fs.mkdirSync(world.path('forbidden'), { mode: 0o755 });
    fs.chmodSync(world.dir, 0o755);
    await refused(world, { state: 'forbidden', via: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] }, /forbidden: cannot be written: Permission denied/);
});

function crc32(bytes) {
    let crc = ~0;
    for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc >>> 0;
}

row('C27', 'a ledger of a newer version is refused and stays as it is', async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.write(10);
    await following.complete(writer);
    following.reader.close();
    await following.stopped();
    const ledger = fs.readFileSync(world.path('state/app.ledger'));
    ledger.writeUInt32LE(2, 16);
    ledger.writeUInt32LE(crc32(Buffer.concat([ledger.subarray(32, 40), Buffer.alloc(8), ledger.subarray(4, 64)])), 0);
    fs.writeFileSync(world.path('state/app.ledger'), ledger);
    await refused(world, {}, /app\.ledger: is of format 2, and this logwisp knows 1: run the newer one, or move the file away/);
    assert.deepEqual(fs.readFileSync(world.path('state/app.ledger')), ledger);
});

// Many files at a time make many slots: a new ledger is due after a few dozen rounds.
async function fill(world, following, from, rounds, each) {
    let number = from;
    for (let round = 0; round < rounds && !each(); ++round) {
        for (let i = 0; i < 200; ++i) fs.appendFileSync(world.path(`logs/f${i}.log`), `w=1 f=${i} n=${++number} x.\n`);
        await until('lines so far', () => each() || following.judge.count('1') + following.judge.told_entries >= number - 600, { seen: () => following.seen([]) });
    }
    return number;
}

// Killed by the system call `call`, before it does anything. (What is there between the two renames: tests/core/ledger_file_test.cpp.)
for (const [call, sync] of [['renameat', 'none'], ['renameat', 'interval'], ['renameat', 'batch'], ['fdatasync', 'interval']])
    row('C8', `killed at ${call} while a ledger is begun anew, sync = "${sync}"`, async (world) => {
        if (sanitized) return console.log('# NOT TESTED: the sanitizers do not run under strace');
        if (call === 'fdatasync' && process.env.E2E_BACKEND === 'io_uring') return console.log('# NOT TESTED: io_uring syncs without a system call');
        try {
            await run('strace', ['-o', '/dev/null', 'true']);
        } catch {
            return console.log('# NOT TESTED: no strace here');
        }
        const via = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${call === 'fdatasync' ? 2 : 1}`]; // the first is the start's
        const following = await Following.start(world, { via, sync, expected_exit: null });
        let number = 0;
        try {
            number = await fill(world, following, 0, 200, () => following.server.exit !== null);
        } finally {
            // Killing strace does not end what it traces. Nobody is left to be killed when it has ended just now; what has not fails below.
            if (!following.server.exit) spawnSync('pkill', ['--signal', 'KILL', '--parent', `${following.server.pid}`]);
        }
        await following.server.ended();
        following.how.via = undefined;
        following.how.expected_exit = 0;
        await following.launch();
        number = await fill(world, following, number, 20, () => false);
        const written = [{ name: '1', written: number }];
        await until('all lines', () => following.judge.unaccounted(written) <= 0, { seen: () => following.seen(written) });
        following.judge.complete(written);
        assert.ok(!fs.existsSync(world.path('state/app.ledger.new')));
    });
