// On a file system that does not answer explain, doctor and check do not hang: they say so of what lies there, and all they can of the rest. Method:
// streams on a FUSE file system that hangs, beside one that does not, and both in one; every command at once, for each waits its while.
import assert from 'node:assert/strict';
import test from 'node:test';
import { backend, binary, one_stream, scenario } from './support/scenario.mjs';
import { HangingFs, no_fuse } from './support/hanging_fs.mjs';

const reason = no_fuse || (backend === 'epoll' && 'the same on every backend');

test('explain, doctor and check say what does not answer, and go on with the rest', { skip: reason }, scenario(async (world) => {
    const mounted = await HangingFs.mount(world, 'far');
    world.before_stop(() => mounted.unmount());
    for (const name of ['far-behind/logs/app.log', 'near/app.log']) world.write(name, 'x\n');
    const ports = await world.ports(3);
    const stream = (name, ...dirs) =>
        one_stream({ dir: '', name, http: ports.pop() }).replace(/targets = .*/, `targets = [${dirs.map((dir) => `{ path = "${world.path(dir)}", pattern = "*.log" }`)}]`);
    world.write('logwisp.toml', stream('far', 'far/logs') + stream('near', 'near') + stream('both', 'far/logs', 'near'));
    const ask = async (command, ...args) => {
        const asked = world.run(binary, [command, '--json', '-c', world.path('logwisp.toml'), '--state', ...args], { env: { ...process.env, LOGWISP_STATE_DIRECTORY: world.path('state') } });
        const { code } = await asked.ended();
        assert.notEqual(asked.stdout, '', asked.seen());
        return { code, ...JSON.parse(asked.stdout) };
    };
    const files_of = ({ findings }) => findings.filter(({ topic }) => topic === 'files').map(({ grade, text }) => `${grade}: ${text}`);
    const codes_of = ({ streams }) => Object.fromEntries(streams.map(({ stream: name, code }) => [name, code]));
    const can_be_read = ['far: 1 file can be read', 'near: 1 file can be read', 'both: 2 files can be read'];
    const healthy = await ask('doctor');
    assert.deepEqual(files_of(healthy).filter((one) => one.startsWith('good')), can_be_read.map((text) => `good: ${text}`));

    await mounted.hang('all');
    const [check, doctor, far, near] = await Promise.all([ask('check'), ask('doctor'), ask('explain', world.path('far/logs/app.log')), ask('explain', world.path('near/app.log'))]);
    assert.deepEqual([check.code, check.valid], [0, true]);
    // Only root is warned of who may write where it reads, and only for that check looks there.
    if (process.getuid() === 0) assert.match(JSON.stringify(check.warnings), /a file system does not answer: the places that targets name were not looked at/);
    const on_it = `it is on ${world.path('far')} (fuse)`;
    assert.deepEqual(files_of(doctor), [
        `bad: far: "${world.path('far/logs')}" does not answer: ${on_it}`,
        'good: near: 1 file can be read',
        `bad: both: "${world.path('far/logs')}" does not answer: ${on_it}`,
        'good: both: 1 file of its other targets can be read',
    ]);
    assert.equal(doctor.code, 1);
    for (const topic of ['inotify', 'state', 'ports', 'clock']) assert.ok(doctor.findings.some((one) => one.topic === topic && one.grade !== 'bad'), topic);

    assert.deepEqual([far.code, far.answers, far.file], [1, false, null]);
    assert.deepEqual(codes_of(far), { far: 'silent', near: 'other_name', both: 'silent' });
    assert.match(far.streams[0].reason, /^a file system does not answer: \S+\/far \(fuse\); by its name it is wanted/);
    assert.deepEqual([near.code, near.answers], [0, true]);
    assert.deepEqual(codes_of(near), { far: 'elsewhere', near: 'followed', both: 'followed' });
    for (const index of [0, 2]) assert.match(near.streams[index].notes.join(), /links of targets were not looked at: a file system does not answer: \S+\/far \(fuse\)/);

    await mounted.go();
    assert.deepEqual(files_of(await ask('doctor')), files_of(healthy));
}));
