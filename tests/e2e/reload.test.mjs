// SIGHUP takes the new configuration without disturbing the readers of what did not change; a bad one changes nothing and says why.
// Method: rewrite the file, send the signal, look who is still connected.
import assert from 'node:assert/strict';
import test from 'node:test';
import { get, one_stream, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const reload = (server) => server.signal('SIGHUP');

test('an added stream is served, an unchanged one keeps its readers', scenario(async (world) => {
    const [kept, added] = await world.ports(2);
    const before = one_stream({ dir: world.path('kept'), name: 'kept', http: kept });
    const server = await world.start({ http: kept, config: before });
    const reader = await world.sse(kept);
    world.write('kept/app.log', 'before\n');
    await reader.message('before');

    world.write('logwisp.toml', before + one_stream({ dir: world.path('added'), name: 'added', http: added }));
    reload(server);
    await until('added stream', async () => (await get(added, '/readyz').catch(() => null))?.status === 200, { seen: () => server.seen() });
    const other = await world.sse(added);
    world.write('added/app.log', 'in added\n');
    await other.message('in added');
    world.append('kept/app.log', 'after\n');
    await reader.message('after');
    assert.deepEqual(reader.messages(), ['before', 'after']);

    world.write('logwisp.toml', before);
    reload(server);
    await other.event('disconnect');
    await other.end();
    world.append('kept/app.log', 'at last\n');
    await reader.message('at last');
    assert.equal(reader.ended, false);
}));

test('a bad file keeps the old configuration and says why', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const server = await world.start({ http, config });
    const reader = await world.sse(http);
    for (const [text, complaint] of [
        [config.replace('pattern', 'patern'), /logwisp\.toml:\d+:\d+.*patern.*pattern/],
        [`${config}port = "eight"\n`, /logwisp\.toml:\d+/],
    ]) {
        server.stderr = '';
        world.write('logwisp.toml', text);
        reload(server);
        await server.complaint('reason', complaint);
    }
    world.append('app.log', 'still here\n');
    await reader.message('still here');
}));

test('a storm of signals', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const server = await world.start({ http, config });
    const reader = await world.sse(http);
    const count = 200;
    for (let i = 0; i < count; ++i) {
        reload(server);
        world.append('app.log', `line ${i}\n`);
        if (i % 20 === 0) await reader.message(`line ${i}`);
    }
    await reader.message(`line ${count - 1}`);
    assert.deepEqual(reader.messages(), Array.from({ length: count }, (_, i) => `line ${i}`));
}));
