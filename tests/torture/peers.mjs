// One torture, several followers side by side: a writer that does not wait, the real logrotate every 200 ms, and LogWisp, `tail -F` and rsyslog's
// imfile on the same file at the same time. Prints what each has lost and doubled. TORTURE_SECONDS says how long per way of rotating.
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { scenario } from '../e2e/support/scenario.mjs';
import { until } from '../e2e/support/until.mjs';
import { Following } from './support/follow.mjs';
import { logrotate } from './support/rotations.mjs';

const seconds = Number(process.env.TORTURE_SECONDS ?? 12);
const rotate_every_ms = 200;
const rate = 9000;

const ways = {
    'rename, create': async (world, writer) => {
        await logrotate(world, writer.file, 'create 0644');
        await pause(10);  // until its postrotate script has been heard
        await writer.reopen();
    },
    'copytruncate': (world, writer) => logrotate(world, writer.file, 'copytruncate'),
    'delete, create': async (world, writer) => {
        fs.rmSync(writer.file);
        await writer.reopen();
    },
};

// rsyslog with everything of its own: configuration, state, pid file, output.
function start_rsyslog(world, name, watched) {
    const dir = world.path(name);
    fs.mkdirSync(`${dir}/state`, { recursive: true });
    const config = world.write(`${name}/rsyslog.conf`, `
global(workDirectory="${dir}/state" maxMessageSize="64k")
module(load="imfile")
input(type="imfile" File="${watched}" Tag="t:" ruleset="out")
template(name="line" type="string" string="%msg%\\n")
ruleset(name="out") { action(type="omfile" file="${dir}/out" template="line") }
`);
    return world.run('rsyslogd', ['-n', '-iNONE', '-f', config]);
}

function tally(text, written) {
    const seen = new Map();
    for (const [, number] of text.matchAll(/w=1 f=\d+ n=(\d+) x*\./g)) seen.set(Number(number), (seen.get(Number(number)) ?? 0) + 1);
    let lost = 0;
    let doubled = 0;
    for (let number = 1; number <= written; ++number) {
        const times = seen.get(number) ?? 0;
        if (times === 0) ++lost;
        else doubled += times - 1;
    }
    return { lost, doubled };
}

const rows = [];
for (const [way, rotate] of Object.entries(ways))
    await scenario(async (world) => {
        const following = await Following.start(world, { buffer: 1_000_000 });
        const writer = await following.writer({ rate });
        const tail = world.run('sh', ['-c', `exec tail -n +1 -F '${writer.file}' > '${world.path('tail.out')}' 2> '${world.path('tail.err')}'`]);
        const exact = start_rsyslog(world, 'exact', writer.file);
        const glob = start_rsyslog(world, 'glob', `${writer.file}*`);
        // Each has found the file.
        await writer.write(1);
        const outputs = { 'tail -F': 'tail.out', 'rsyslog imfile': 'exact/out', 'rsyslog imfile, glob': 'glob/out' };
        const read = (name) => (fs.existsSync(world.path(name)) ? fs.readFileSync(world.path(name), 'utf8') : '');
        await until('all followers', () => following.judge.count('1') === 1 && Object.values(outputs).every((name) => read(name).includes('n=1 ')),
            { seen: () => [tail, exact, glob].map((program) => program.seen()).join('\n') });
        await writer.go();
        let rotations = 0;
        for (const end = performance.now() + seconds * 1000; performance.now() < end; ++rotations) {
            await pause(rotate_every_ms);
            await rotate(world, writer);
        }
        await writer.pause();
        await pause(3000);
        await following.caught_up(writer);
        const { judge } = following;
        rows.push([way, 'LogWisp', writer.written, rotations, judge.missing('1', writer.written).length, judge.doubled.length]);
        for (const [name, output] of Object.entries(outputs)) {
            const { lost, doubled } = tally(read(output), writer.written);
            rows.push([way, name, writer.written, rotations, lost, doubled]);
        }
    })();

console.log('| rotation | follower | lines | rotations | lost | doubled |\n|---|---|---:|---:|---:|---:|');
for (const row of rows) console.log(`| ${row.join(' | ')} |`);
const ours = rows.filter(([way, name]) => name === 'LogWisp' && way !== 'copytruncate');
process.exit(ours.every(([, , , , lost, doubled]) => lost === 0 && doubled === 0) ? 0 : 1);
