// The ways in which log files are rotated: by the real logrotate, and by hand where it is too slow.
import fs from 'node:fs';
import { run } from '../../e2e/support/program.mjs';

// One forced run of logrotate with these options.
export async function logrotate(world, file, ...how) {
    const rules = world.write('rotate.conf', `"${file}" {\n  rotate 1000\n  size 1\n  missingok\n  ${how.join('\n  ')}\n}\n`);
    fs.chmodSync(rules, 0o644);
    await run('logrotate', ['--force', '--state', world.path('rotate.state'), rules]);
}

// file -> .1 -> .2 ..., at most `keep` of them, and an empty new one.
export function rename_chain(file, keep = Infinity) {
    let last = 0;
    while (last < keep && fs.existsSync(`${file}.${last + 1}`)) ++last;
    if (last === keep) fs.rmSync(`${file}.${last--}`);
    for (let i = last; i > 0; --i) fs.renameSync(`${file}.${i}`, `${file}.${i + 1}`);
    fs.renameSync(file, `${file}.1`);
    fs.writeFileSync(file, '');
}
