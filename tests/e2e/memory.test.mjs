// From start to stop no byte is read before it was written and none is lost. Method: the program under valgrind's memcheck, once: files that
// grow and rotate, readers of both kinds, a bad request, a reload. On epoll: valgrind knows no io_uring. And no memory is resident that was
// never touched: the kernel is asked whether it may make huge pages of this process's.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { backend, get, get_json, one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

// "Possible" leaks are not asked for: glibc keeps the storage of threads that were joined by a pointer into its middle.
const memcheck = ['valgrind', '--quiet', '--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite', '--error-exitcode=99'];

// A program with sanitizers looks for the same by itself, and cannot run under valgrind.
const sanitized = process.env.E2E_SANITIZED === '1';

if (backend === 'epoll' && !sanitized)
    test('memcheck has nothing to say', scenario(async (world) => {
        const [http, tcp] = await world.ports(2);
        const server = await world.start({ http, via: memcheck, config: one_stream({ dir: world.dir, http, tcp }), args: ['--cores', '2'] });
        const sse = await world.sse(http, '/stream?tail=10');
        const raw = await world.tcp(tcp);
        await readers(http, { http: 1, tcp: 1 });
        world.append('app.log', 'ERROR first\n{"level":"info","msg":"second","n":[1,2]}\n\xff\xfe\x00third\nhalf');
        await sse.message('second');
        world.rename('app.log', 'app.log.1');
        world.append('app.log', 'after the rotation\n');
        await sse.message('after the rotation');
        await raw.message('after the rotation');
        assert.equal((await get(http, '/nowhere')).status, 404);
        assert.equal((await get(http, '/stream', { method: 'POST' })).status, 405);
        server.signal('SIGHUP');
        await server.complaint('reload', /reloaded/);
        world.append('app.log', 'after the reload\n');
        await raw.message('after the reload');
        sse.close();
        await until('one reader', async () => (await get_json(http, '/status')).clients.http === 0);
        const again = await world.sse(http);
        world.append('app.log', 'last\n');
        await again.message('last');
        await world.stop(server);
        await again.end();
        assert.doesNotMatch(server.stderr, /^==\d+==/m);
    }));
else
    test('memcheck: looked for elsewhere', () => console.log('# on epoll, without sanitizers'));

// With them a machine that makes huge pages of all memory has twice as much resident after a while; one that does not would not show it.
test('no huge pages', scenario(async (world) => {
    const [http] = await world.ports(1);
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    const said = /^THP_enabled:\s*(\d)$/m.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'));
    assert.equal(said?.[1], '0');
}));
