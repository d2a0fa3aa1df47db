// A file system that stops answering (NFS without its server, FUSE) holds up the streams whose files are on it and nobody else, says so,
// and has lost nothing when it answers again. Method: one stream on a FUSE file system that hangs in the call of our choice, one beside it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { get, get_json, one_stream, scenario } from './support/scenario.mjs';
import { HangingFs, no_fuse } from './support/hanging_fs.mjs';
import { until } from './support/until.mjs';

const on_fuse = { skip: no_fuse };

// "far" is on the file system that hangs, "near" is not. Every core has readers of both.
class Two {
    far_lines = 0;
    near_lines = 0;

    static async begin(world, options = {}) {
        const two = new Two();
        Object.assign(two, { world, options });
        two.fs = await HangingFs.mount(world, 'far');
        world.before_stop(() => two.fs.unmount());
        fs.mkdirSync(world.path('near'));
        world.write('far-behind/app.log', '');
        world.write('near/app.log', '');
        [two.far, two.near] = await world.ports(2);
        return two;
    }

    config(near_buffer = 1000) {
        const stream = (name, port, httpserver) =>
            one_stream({ dir: this.world.path(name), name, http: port, more: { monitor: 'check_interval_ms = 20\n', httpserver } });
        return '[server]\ncores = 2\n' + stream('far', this.far, this.options.far_server) + stream('near', this.near, `buffer_size = ${near_buffer}\n`);
    }

    async start(options = {}) {
        this.server = await this.world.start({ http: this.near, config: this.config(), ...options });
        return this.server;
    }

    // Enough that each core has some, by the kernel's hash.
    readers(port) {
        return Promise.all(Array.from({ length: 8 }, () => this.world.sse(port)));
    }

    write_far(count = 3) {
        for (let i = 0; i < count; ++i) this.world.append('far-behind/app.log', `far ${++this.far_lines}\n`);
    }

    // Its lines come while the other hangs.
    async near_is_there(readers) {
        this.world.append('near/app.log', `near ${++this.near_lines}\n`);
        for (const reader of readers) await reader.message(`near ${this.near_lines}`);
    }

    // Each line once and in order.
    async far_is_complete(readers) {
        const all = Array.from({ length: this.far_lines }, (_, i) => `far ${i + 1}`);
        for (const reader of readers) {
            await reader.message(all.at(-1));
            assert.deepEqual(reader.messages(), all);
        }
    }

    stalled(answers = false) {
        return until(`file system that answers: ${answers}`, async () => {
            const { file_system } = await get_json(this.far, '/status');
            return file_system.answers === answers && file_system;
        });
    }
}

// However a test ends, nothing stays mounted.
function with_two(body) {
    return scenario(async (world) => {
        const two = await Two.begin(world);
        try {
            await body(two, world);
        } finally {
            await two.fs.unmount();
        }
    });
}

for (const calls of [['getattr', 'lookup'], ['open'], ['read'], ['opendir', 'readdir']])
    test(`${calls.join(' and ')} that hang hold up nobody else`, on_fuse, with_two(async (two, world) => {
        await two.start();
        const far = await two.readers(two.far);
        const near = await two.readers(two.near);
        two.write_far();
        await two.far_is_complete(far);
        await two.near_is_there(near);
        await two.fs.hang(...calls);
        two.write_far();
        world.write('far-behind/new.log', '');
        await two.fs.somebody_hangs();
        two.write_far();
        for (let i = 0; i < 20; ++i) await two.near_is_there(near);
        // Those who come now are greeted, on either stream.
        far.push(await world.sse(two.far, '/stream?tail=1000'));
        await two.near_is_there([await world.sse(two.near)]);
        await two.fs.go();
        await two.far_is_complete(far);
    }));

test('it is told, to people, programs and the service manager, which hears on', on_fuse, with_two(async (two, world) => {
    const socket = world.path('notify');
    const manager = world.run('socat', ['-u', `UNIX-RECV:${socket}`, 'STDOUT']);
    await until('socket', () => fs.existsSync(socket));
    const server = await two.start({ env: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '100000', WATCHDOG_PID: undefined } });
    assert.deepEqual((await get_json(two.far, '/status')).file_system, { mounts: `${world.path('far')} (fuse)`, answers: true });
    assert.equal((await get_json(two.near, '/status')).file_system, undefined);
    const far = await two.readers(two.far);
    await two.fs.hang('all');
    await two.fs.somebody_hangs();
    // Those who ask before it is known are answered, too.
    const asked = await Promise.all(Array.from({ length: 8 }, () => get_json(two.far, '/status')));
    for (const { monitor, watchers } of asked) assert.deepEqual([monitor.total_entries, watchers.length <= 1], [0, true]);
    const { silent_since } = await two.stalled();
    assert.ok(Math.abs(Date.parse(silent_since) - Date.now()) < 600_000, silent_since);
    assert.match((await get(two.near, '/metrics')).body, /^logwisp_stream_stalled\{stream="near"\} 0$/m);
    assert.match((await get(two.far, '/metrics')).body, /^logwisp_stream_stalled\{stream="far"\} 1$/m);
    assert.equal((await get(two.far, '/readyz')).status, 200);
    await server.complaint('word of it', /ERROR far: \S+\/far \(fuse\) does not answer/);
    await manager.output('its state', /STATUS=the file system does not answer for: far/);
    const signs = manager.stdout.split('WATCHDOG=1').length;
    await until('twenty signs of life more', () => manager.stdout.split('WATCHDOG=1').length > signs + 20);
    // A reload is done at once for everybody else.
    const changed = await two.readers(two.near);
    world.write('logwisp.toml', two.config(500));
    server.signal('SIGHUP');
    await server.complaint('what waits', /WARN reload: far: .* does not answer; what has changed counts from when it does/);
    for (const reader of changed) await reader.event('disconnect');
    await two.near_is_there(await two.readers(two.near));
    two.write_far();
    await two.fs.go();
    await server.complaint('good news', /WARN far: \S+\/far \(fuse\) answers again after \d+ s/);
    await two.stalled(true);
    await manager.output('its state', /does not answer for: far[^]*STATUS=following and serving/);
    await two.far_is_complete(far);
}));

test('one that hangs from the start', on_fuse, with_two(async (two, world) => {
    await two.fs.hang('all');
    await two.start();
    await two.fs.somebody_hangs();
    const near = await two.readers(two.near);
    await two.near_is_there(near);
    const far = await two.readers(two.far);
    assert.equal((await two.stalled()).answers, false);
    await two.fs.go();
    await until('file that is followed', async () => (await get_json(two.far, '/status')).monitor.active_watchers === 1);
    two.write_far();
    await two.far_is_complete(far);
    await two.near_is_there(near);
}));

test('a stop while it hangs ends the process; the next start goes on where this one stood', on_fuse, with_two(async (two, world) => {
    const server = await two.start();
    const far = await two.readers(two.far);
    const near = await two.readers(two.near);
    two.write_far();
    await two.far_is_complete(far);
    await two.fs.hang('all');
    two.write_far();
    await two.fs.somebody_hangs();
    await two.near_is_there(near);
    await world.stop(server);
    for (const reader of [...far, ...near]) {
        await reader.event('disconnect');
        await reader.end();
    }
    await server.complaint('a word of it', /stopped without the streams whose file system does not answer/);
    const last = far[0].parser.events.filter((event) => event.id).at(-1).id;
    await two.start();
    const again = await world.sse(two.far, `/stream?last_event_id=${last}`);
    two.write_far();
    await two.fs.go();
    await again.message(`far ${two.far_lines}`);
    assert.deepEqual(again.messages(), Array.from({ length: 6 }, (_, i) => `far ${i + 4}`));
}));

test('who wants the past of such a stream waits for it, and gets it', on_fuse, with_two(async (two, world) => {
    two.options = { far_server: 'buffer_size = 16\n' };
    await two.start();
    const far = await two.readers(two.far);
    for (let count = 0; count < 300; count += 5) two.write_far(5);
    await two.far_is_complete(far);
    const first = far[0].parser.events.find((event) => event.id).id;
    // While it answers.
    await two.far_is_complete([await world.sse(two.far, '/stream?tail=1000')]);
    const entries = (body) => body.split('\n').filter(Boolean).map((line) => JSON.parse(line).message);
    const everything = Array.from({ length: 300 }, (_, i) => `far ${i + 1}`);
    assert.deepEqual(entries((await get(two.far, '/entries?limit=1000')).body), everything);
    // While it does not.
    await two.fs.hang('all');
    await two.fs.somebody_hangs();
    const near = await two.readers(two.near);
    const behind = await Promise.all(Array.from({ length: 40 }, () => world.sse(two.far, `/stream?last_event_id=${first}`)));
    const gone = await Promise.all(Array.from({ length: 40 }, () => world.sse(two.far, `/stream?last_event_id=${first}`)));
    for (const reader of gone) reader.close();
    for (let i = 0; i < 20; ++i) await two.near_is_there(near);
    await two.stalled();
    assert.equal((await get(two.far, '/entries')).status, 503);
    two.write_far();
    await two.fs.go();
    await two.far_is_complete(far);
    for (const reader of behind) {
        await reader.message(`far ${two.far_lines}`);
        assert.deepEqual(reader.messages(), [...everything.slice(1), 'far 301', 'far 302', 'far 303']);
    }
}));

test('two of them: each has a thread of its own, confined like all others', on_fuse, scenario(async (world) => {
    const [far, farther, near] = await world.ports(3);
    const mounts = [];
    try {
        for (const name of ['far', 'farther']) mounts.push(await HangingFs.mount(world, name));
        fs.mkdirSync(world.path('near'));
        for (const name of ['far-behind', 'farther-behind', 'near']) world.write(`${name}/app.log`, '');
        const stream = (name, http) => one_stream({ dir: world.path(name), name, http, more: { monitor: 'check_interval_ms = 20\n' } });
        const server = await world.start({
            http: near,
            config: `[server]\ncores = 2\n${stream('far', far)}${stream('farther', farther)}${stream('near', near)}`,
        });
        const readers = { 'far-behind': await world.sse(far), 'farther-behind': await world.sse(farther), near: await world.sse(near) };
        await mounts[0].hang('read');
        world.append('far-behind/app.log', 'it comes\n');
        await mounts[0].somebody_hangs();
        for (const name of ['farther-behind', 'near']) {
            world.append(`${name}/app.log`, 'it comes\n');
            await readers[name].message('it comes');
        }
        const tasks = fs.readdirSync(`/proc/${server.pid}/task`).map((task) => fs.readFileSync(`/proc/${server.pid}/task/${task}/status`, 'utf8'));
        const kept = new Set(tasks.map((status) => /CapEff:\s*(\w+)/.exec(status)[1]));
        assert.equal(kept.size, 1, `capabilities of ${tasks.length} threads: ${[...kept]}`);
        await mounts[0].go();
        await readers['far-behind'].message('it comes');
    } finally {
        for (const mount of mounts) await mount.unmount();
    }
}));

test('one that is mounted later: each line once', on_fuse, scenario(async (world) => {
    const [http] = await world.ports(1);
    fs.mkdirSync(world.path('late'));
    await world.start({ http, config: one_stream({ dir: world.path('late'), http, more: { monitor: 'check_interval_ms = 20\n' } }) });
    const reader = await world.sse(http);
    const mounted = await HangingFs.mount(world, 'late');
    try {
        for (let i = 1; i <= 20; ++i) {
            world.append('late-behind/app.log', `line ${i}\n`);
            await reader.message(`line ${i}`);
        }
        assert.deepEqual(reader.messages(), Array.from({ length: 20 }, (_, i) => `line ${i + 1}`));
    } finally {
        await mounted.unmount();
    }
}));
