// Once it runs the service can do little but its work, as root and as another user. Method: the kernel is asked what the process may do, and
// the status page must say the same.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { backend, get_json, one_stream, scenario } from './support/scenario.mjs';

// CAP_DAC_READ_SEARCH and CAP_NET_BIND_SERVICE: a reload may name logs of others, and ports below 1024.
const kept_by_root = 0x404n;
const as_nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

// "CapEff" and the like.
const kernel_says = (pid, name) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1];
const capabilities = (pid, set) => BigInt(`0x${kernel_says(pid, set)}`);

async function started(world, { via = [], more = '' } = {}) {
    const [http] = await world.ports(1);
    if (via.length) fs.chmodSync(world.dir, 0o777);
    const server = await world.start({ http, via, config: more + one_stream({ dir: world.dir, http }), args: ['--state'] });
    const reader = await world.sse(http);
    world.write('app.log', 'a line\n');
    await reader.message('a line');
    const { sandbox } = await get_json(http, '/status');
    return { http, server, reader, sandbox };
}

// setpriv and the like replace themselves by the program: the process is the one that was started.
for (const [who, via] of [['whoever runs this', []], ...(process.getuid() === 0 ? [['an ordinary user', as_nobody]] : [])])
    test(`${who} gains nothing any more and keeps only what serving needs`, scenario(async (world) => {
        const { server, sandbox } = await started(world, { via });
        const root = process.getuid() === 0 && via.length === 0;
        assert.equal(kernel_says(server.pid, 'NoNewPrivs'), '1');
        assert.equal(sandbox.no_new_privs, true);
        for (const set of ['CapEff', 'CapPrm', 'CapInh', 'CapAmb'])
            assert.equal(capabilities(server.pid, set) & ~(root && !/Inh|Amb/.test(set) ? kept_by_root : 0n), 0n, set);
        if (root) assert.equal(capabilities(server.pid, 'CapBnd') & ~kept_by_root, 0n);
        if (!root) assert.deepEqual(sandbox.capabilities, []);
        assert.match(fs.readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /^Max core file size +[01] +[01] /m);
        assert.equal(sandbox.core_dumps, false);
        if (backend === 'io_uring') assert.equal(sandbox.ring_restricted, true);
        if (backend === 'epoll') assert.equal(sandbox.ring_restricted, null);
        await server.complaint('what was given up', /sandbox: no new privileges, /);
    }));

test('core dumps for those who want them', scenario(async (world) => {
    const { server, sandbox } = await started(world, { more: '[security]\ncore_dumps = true\n', via: ['prlimit', '--core=1048576'] });
    assert.match(fs.readFileSync(`/proc/${server.pid}/limits`, 'utf8'), /^Max core file size +1048576 /m);
    assert.equal(sandbox.core_dumps, true);
}));
