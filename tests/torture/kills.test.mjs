// Killed at random moments while 5,000 lines a second are written and rotated, then started again, and again: a reader that comes back by its
// last id gets every line once. TORTURE_CYCLES says how often.
import test from 'node:test';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { scenario } from '../e2e/support/scenario.mjs';
import { until } from '../e2e/support/until.mjs';
import { Following, sanitized } from './support/follow.mjs';
import { rename_chain } from './support/rotations.mjs';

const cycles = Number(process.env.TORTURE_CYCLES ?? (sanitized ? 5 : 25));

const random_ms = (from, to) => from + Math.random() * (to - from);

async function killed(world, { options = {}, rate = 5000, moment_ms, wait_until_ready = true, share = 1, keep = 3 }) {
    const following = await Following.start(world, options);
    const file = `${following.dir}/app.log`;
    const writer = await following.writer({ rate });
    following.judge.rotations = 0;
    const rotated = async () => {
        ++following.judge.rotations;
        rename_chain(file, keep);
        await writer.reopen();
    };
    await writer.go();
    // Without an id to come back by it would begin wherever the stream is then.
    await until('a first line', () => following.judge.count('1') > 0);
    const count = Math.max(1, Math.round(cycles * share));
    for (let cycle = 1; cycle <= count; ++cycle) {
        const moment = random_ms(...moment_ms);
        // Every second time it is rotated: while the server runs, or while it does not.
        await pause(moment / 2);
        if (cycle % 4 === 0) await rotated();
        await pause(moment / 2);
        await following.kill();
        if (cycle % 4 === 2) await rotated();
        if (wait_until_ready || cycle === count) await following.launch();
        else following.server = world.launch({ config: following.config, ...following.how });
    }
    const { lines, told, missing } = await following.complete(writer);
    console.log(`# ${count} kills: ${lines} lines, ${following.reader.connections} connections, 0 lost, 0 doubled; ` +
        `${told} entries (${missing} lines) told by ${following.judge.gaps.length} gaps`);
    assert.ok(lines > 0);
}

const cycle = (name, how) => test(name, scenario((world) => killed(world, how)));

cycle('killed 1 to 500 ms after it was ready', { moment_ms: [1, 500] });
// All that was written meanwhile comes at once then, which would overrun an ordinary reader.
cycle('killed while it starts', { options: { target: '/stream?lossless=1' }, moment_ms: [0, 60], wait_until_ready: false, keep: Infinity });
cycle('killed with every batch on the disk first', { options: { sync: 'batch' }, moment_ms: [1, 100], share: 0.4 });
cycle('killed with the rotated files followed too', { options: { pattern: 'app.log*' }, moment_ms: [1, 100], share: 0.4 });
cycle('killed while it is behind a writer that does not wait', { options: { buffer: 1000, max_bytes: 64 * 1024 * 1024, target: '/stream?lossless=1' }, rate: 0, moment_ms: [1, 60], share: 0.05, keep: Infinity });
