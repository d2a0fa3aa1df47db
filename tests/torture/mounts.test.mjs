// File systems that come, go, fail and give inode numbers again: lines are lost or doubled by none of it. Each test names its rows of the table in
// README.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { run } from '../e2e/support/program.mjs';
import { until } from '../e2e/support/until.mjs';
import { Following, long, row } from './support/follow.mjs';
import { mount, mount_ext4, mounting, unmount } from './support/mounts.mjs';
import { rename_chain } from './support/rotations.mjs';
import { Writer } from './support/writer.mjs';

const so_far = (following, writer) => until('lines so far', () => following.judge.count(writer.name) === writer.written, { seen: () => following.seen([writer]) });

row('A14', 'deleted and created again, with the same inode number', mounting(async (world) => {
    await mount_ext4(world, 'logs');
    const following = await Following.start(world, { monitor: 'drain_idle_ms = 100\n' });
    const writer = await following.writer();
    const rounds = long ? 1000 : 40;
    const numbers = new Set();
    let again = 0;
    for (let round = 1; round <= rounds; ++round) {
        await writer.write(20);
        await so_far(following, writer);
        const number = fs.statSync(writer.file).ino;
        again += numbers.has(number) ? 1 : 0;
        numbers.add(number);
        await writer.close();
        fs.rmSync(writer.file);
        // Sometimes the old file is let go, and its number is free, before the new one is made.
        if (round % 8 === 0) await until('the number is free', () => !following.holds('app.log (deleted)'));
        await writer.reopen();
    }
    await following.complete(writer);
    console.log(`# ${again} of ${rounds} times an inode number of before`);
}));

row('A15, A16', 'deleted and created again with the same inode numbers while it was killed', mounting(async (world) => {
    await mount_ext4(world, 'logs');
    const following = await Following.start(world);
    const count = long ? 5000 : 300;
    const name = (i) => world.path(`logs/f${i}.log`);
    let number = 0;
    let same = 0;
    for (let round = 1; round <= 5; ++round) {
        const before = new Map();
        for (let i = 1; i <= count; ++i) {
            if (round > 1) {
                before.set(i, fs.statSync(name(i)).ino);
                fs.rmSync(name(i));
            }
        }
        // Longer than before, so that the old position would be inside.
        for (let i = 1; i <= count; ++i) {
            let text = '';
            for (let line = 0; line < round * 2; ++line) text += `w=1 f=${round * 100_000 + i} n=${++number} x.\n`;
            fs.writeFileSync(name(i), text);
        }
        for (const [i, ino] of before) same += fs.statSync(name(i)).ino === ino ? 1 : 0;
        if (round > 1) await following.launch();
        await until('lines so far', () => following.judge.count('1') + following.judge.told_entries >= number, { seen: () => following.seen([{ name: '1', written: number }]) });
        await following.kill();
    }
    await following.launch();
    following.judge.complete([{ name: '1', written: number }]);
    console.log(`# ${same} of ${4 * count} times an inode number of before`);
}));

row('A28', 'unmounted and mounted again', mounting(async (world) => {
    const image = world.path('disk.ext4');
    const dir = await mount_ext4(world, 'logs', { image });
    const following = await Following.start(world);
    const writer = await following.writer();
    for (let round = 1; round <= 3; ++round) {
        await writer.write(100);
        await so_far(following, writer);
        await unmount(dir);
        await run('mount', ['-o', 'loop', image, dir]);
        await writer.reopen();
    }
    await following.complete(writer);
}));

row('A29', 'something is mounted over the followed directory', mounting(async (world) => {
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.write(100);
    await so_far(following, writer);
    await mount(world, 'logs', '-t', 'tmpfs', 'none');
    const other = await following.writer({ name: '2' });
    await other.write(100);
    await so_far(following, other);
    await writer.write(100);
    await following.complete(other);
    assert.equal(following.judge.count('1'), writer.written);
}));

row('A30', 'a disk that cannot be read', mounting(async (world) => {
    await mount(world, 'small', '-t', 'tmpfs', 'none');
    const image = world.path('small/disk.ext4');
    const dir = await mount_ext4(world, 'bad', { image, size: '32M' });
    fs.mkdirSync(world.path('logs'));
    const bad = `${dir}/bad.log`;
    fs.writeFileSync(bad, Array.from({ length: 400_000 }, (_, i) => `w=2 f=1 n=${i + 1} x.\n`).join(''));
    await run('dd', [`of=${bad}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
    fs.truncateSync(image, 4 * 2 ** 20);
    const following = await Following.start(world, {
        targets: `{ path = "${world.path('logs')}", pattern = "*.log" }, { path = "${dir}", pattern = "*.log", from = "beginning" }`,
    });
    const writer = await following.writer();
    await writer.go();
    const broken = async () => (await following.status()).watchers.find((watcher) => watcher.path === bad)?.error ?? '';
    let error = '';
    await until('the error in the status', async () => (error = await broken()) !== '', { seen: () => following.server.stderr });
    assert.match(error, /Input\/output error/);
    await writer.more(1000);
    await writer.pause();
    await so_far(following, writer);
    following.judge.sound();
}));

row('A32', 'written behind the file system that is followed, which tells nobody', mounting(async (world) => {
    await mount(world, 'disk', '-t', 'tmpfs', 'none');
    for (const name of ['lower', 'upper', 'work']) fs.mkdirSync(world.path(`disk/${name}`));
    const writer = await Writer.start(world, { file: world.path('disk/upper/app.log') });
    await mount(world, 'logs', '-t', 'overlay', '-o', `lowerdir=${world.path('disk/lower')},upperdir=${world.path('disk/upper')},workdir=${world.path('disk/work')}`, 'none');
    const following = await Following.start(world);
    for (let round = 1; round <= 2; ++round) {
        await writer.write(50);
        await so_far(following, writer);
    }
    await following.complete(writer);
}));

row('A40', 'a directory mounted into itself', mounting(async (world) => {
    fs.mkdirSync(world.path('logs/a'), { recursive: true });
    const following = await Following.start(world, { targets: `{ path = "${world.path('logs')}", pattern = "*.log", recursive = true }` });
    const writer = await following.writer({ file: world.path('logs/a/app.log') });
    fs.mkdirSync(world.path('logs/a/loop'));
    await mount(world, 'logs/a/loop', '--bind', world.path('logs'));
    await writer.go();
    await writer.more(200);
    fs.symlinkSync('..', world.path('logs/a/up'));
    rename_chain(writer.file);
    await writer.reopen();
    await writer.more(200);
    await following.complete(writer);
    assert.ok((await following.status()).watchers.length < 10);
}));

row('A67', 'the first write copies the file up from a lower layer', mounting(async (world) => {
    await mount(world, 'disk', '-t', 'tmpfs', 'none');
    for (const name of ['lower', 'upper', 'work']) fs.mkdirSync(world.path(`disk/${name}`));
    fs.writeFileSync(world.path('disk/lower/app.log'), 'w=9 f=1 n=1 x.\n');
    await mount(world, 'logs', '-t', 'overlay', '-o', `lowerdir=${world.path('disk/lower')},upperdir=${world.path('disk/upper')},workdir=${world.path('disk/work')}`, 'none');
    const following = await Following.start(world);
    const writer = await following.writer();
    await writer.go();
    await writer.more(300);
    rename_chain(writer.file);
    await writer.reopen();
    await writer.more(300);
    await following.complete(writer);
    assert.equal(following.judge.count('9'), 0);
}));
