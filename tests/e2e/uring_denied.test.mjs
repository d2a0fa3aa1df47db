// io_uring is switched off while the program runs: what has its rings goes on with them, what starts takes epoll. Alone: the switch is the
// machine's.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { get_json, one_stream, scenario } from './support/scenario.mjs';

const file = '/proc/sys/kernel/io_uring_disabled';

function set(value) {
    fs.writeFileSync(file, value);
}

test('switched off while it runs', scenario(async (world) => {
    let before;
    try {
        before = fs.readFileSync(file, 'utf8');
        set(before);
    } catch {
        return console.log('# NOT TESTED: there is no such switch, or it cannot be set here');
    }
    const [http, other] = await world.ports(2);
    const config = one_stream({ dir: world.dir, http });
    await world.start({ http, config });
    const reader = await world.sse(http);
    world.append('app.log', 'before\n');
    await reader.message('before');
    try {
        set('2');
        world.append('app.log', 'still here\n');
        await reader.message('still here');
        await (await world.sse(http, '/stream?tail=1')).message('still here');
        await world.start({ http: other, config: one_stream({ dir: world.dir, http: other }), args: ['--backend', 'auto'], env: { LOGWISP_STATE_DIRECTORY: world.path('other') } });
        assert.equal((await get_json(other, '/status')).reactor.backend, 'epoll');
    } finally {
        set(before);
    }
}));
