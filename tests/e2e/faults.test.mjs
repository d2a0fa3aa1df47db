// What the system withholds is done without, and said once: io_uring, inotify, stderr, a free port. Method: a seccomp filter that
// refuses the call (as containers do), closed descriptors, a second instance.
import assert from 'node:assert/strict';
import test from 'node:test';
import { backend, get_json, one_stream, scenario } from './support/scenario.mjs';

const refuse = (...calls) => [process.env.E2E_REFUSE, ...calls, '--'];

async function one_line_arrives(world, options) {
    const [http] = await world.ports(1);
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http }), ...options });
    const reader = await world.sse(http);
    world.append('app.log', 'arrives\n');
    await reader.message('arrives');
    return { server, status: await get_json(http, '/status') };
}

const lines_about = (server, pattern) => server.stderr.split('\n').filter((line) => pattern.test(line));

if (backend === 'epoll')
    for (const error of ['EPERM', 'ENOSYS', 'ENOMEM'])
        test(`io_uring refused with ${error}: epoll, and one line that says so`, scenario(async (world) => {
            const { server, status } = await one_line_arrives(world, { via: refuse(`io_uring_setup=${error}`), args: ['--backend', 'auto'] });
            assert.equal(status.reactor.backend, 'epoll');
            assert.equal(lines_about(server, /io_uring/).length, 1, server.stderr);
        }));

if (backend === 'io_uring')
    test('io_uring asked for by name and refused: it does not start', scenario(async (world) => {
        const [http] = await world.ports(1);
        const server = world.launch({ via: refuse('io_uring_setup=EPERM'), config: one_stream({ dir: world.dir, http }) });
        server.expected_exit = 1;
        assert.equal((await server.ended()).code, 1);
        assert.match(server.stderr, /io_uring/);
    }));

for (const calls of [['inotify_init1=EMFILE'], ['inotify_add_watch=ENOSPC'], ['name_to_handle_at=EPERM']])
    test(`${calls}: files are followed all the same`, scenario(async (world) => {
        await one_line_arrives(world, { via: refuse(...calls) });
    }));

test('stderr and stdout closed', scenario(async (world) => {
    await one_line_arrives(world, { via: ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh'] });
}));

test('stderr closed, and something to complain of at once', scenario(async (world) => {
    await one_line_arrives(world, { via: ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh'], env: { LOGWISP_NO_SUCH_KEY: '1' } });
}));

test('stdin, stdout and stderr closed: no file or socket takes their numbers', scenario(async (world) => {
    await one_line_arrives(world, { via: ['sh', '-c', 'exec "$@" <&- >&- 2>&-', 'sh'] });
}));

test('no thread to be had: it says so and does not start', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = world.launch({ via: refuse('clone3=EAGAIN', 'clone=EAGAIN'), config: one_stream({ dir: world.dir, http }) });
    server.expected_exit = 1;
    assert.equal((await server.ended()).code, 1);
    assert.match(server.stderr, /cannot start a thread for core 1 of \d+: Resource temporarily unavailable/);
    assert.equal(server.stdout, '');
}));

test('a second instance hears that the state directory is taken, or without state that the port is', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const config = one_stream({ dir: world.dir, http, tcp });
    const first = await world.start({ http, config });
    for (const [args, what] of [[[], `/state: is in use by process ${first.pid}`], [['--state=false'], `${http}|${tcp}`]]) {
        const second = world.launch({ config, args });
        second.expected_exit = 1;
        assert.equal((await second.ended()).code, 1);
        assert.match(second.stderr, /in use/i);
        assert.match(second.stderr, new RegExp(what));
    }
}));

test('bad configuration: 78, every error with its place; bad usage: 2', scenario(async (world) => {
    const bad = world.launch({ config: '[monitor]\ncheck_intervall_ms = 5\n\n[[streams]]\nname = "a b"\n' });
    bad.expected_exit = 78;
    assert.equal((await bad.ended()).code, 78);
    assert.match(bad.stderr, /logwisp\.toml:2:1.*check_intervall_ms.*check_interval_ms/);
    assert.match(bad.stderr, /logwisp\.toml:5:\d+/);
    const lost = world.launch({ args: ['--config', world.path('not-there.toml')] });
    lost.expected_exit = 78;
    assert.equal((await lost.ended()).code, 78);
    const usage = world.launch({ args: ['--no-such-flag'] });
    usage.expected_exit = 2;
    assert.equal((await usage.ended()).code, 2);
}));
