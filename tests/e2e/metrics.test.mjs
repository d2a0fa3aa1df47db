// The metrics are what Prometheus takes without a word, they count what happened, and what is shipped beside them asks for nothing that is
// not there. Method: promtool and Prometheus itself, and readers of which it is known what they were sent.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { backend, get, one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';
import { run } from './support/program.mjs';

const openmetrics = 'application/openmetrics-text; version=1.0.0, text/plain; version=0.0.4; q=0.5';
const packaging = new URL('../../packaging', import.meta.url).pathname;

// ./bootstrap test unpacks it beside the builds.
function tool(name) {
    const file = process.env[`E2E_${name.toUpperCase()}`];
    assert.ok(file && fs.existsSync(file), `${name} is not there: ./bootstrap test fetches it`);
    return file;
}

// { 'name{label="value"}': number }
const samples = (body) => Object.fromEntries(body.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
    const at = line.lastIndexOf(' ');
    return [line.slice(0, at), Number(line.slice(at + 1))];
}));

async function metrics(port, target = '/metrics', headers = {}) {
    const answer = await get(port, target, { headers });
    assert.equal(answer.status, 200, answer.body);
    return { ...answer, values: samples(answer.body) };
}

const value_of = (port, name) => metrics(port).then(({ values }) => values[name]);
const counts_to = (port, name, wanted) => until(`${name} ${wanted}`, async () => (await value_of(port, name)) === wanted);

test('promtool finds nothing to say, and OpenMetrics ends as it must', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }) });
    const reader = await world.sse(http);
    world.append('app.log', 'one\n');
    await reader.message('one');

    const text = await metrics(http);
    assert.equal(text.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const promtool = world.run(tool('promtool'), ['check', 'metrics']);
    promtool.child.stdin.end(text.body);
    const { code } = await promtool.ended();
    assert.deepEqual([code, promtool.stdout, promtool.stderr], [0, '', '']);

    const open = await metrics(http, '/metrics', { Accept: openmetrics });
    assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    assert.equal(open.headers.vary, 'Accept');
    assert.ok(open.body.endsWith('\n# EOF\n'));
    assert.deepEqual(Object.keys(open.values), Object.keys(text.values));
    const families = [...open.body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    assert.equal(new Set(families).size, families.length);
    assert.equal((await get(http, '/metrics', { method: 'HEAD' })).body, '');
}));

test('rotations by how they were made, each reason from the start', scenario(async (world) => {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    const reader = await world.sse(http);
    const by_reason = async () => {
        const { values } = await metrics(http);
        return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => {
            const labels = /^logwisp_rotations_total\{stream="app",reason="(\w+)"\}$/.exec(name);
            return labels ? [[labels[1], value]] : [];
        }));
    };
    const none = { inode_change: 0, size_decrease: 0, time_reset: 0, beyond_size: 0 };
    assert.deepEqual(await by_reason(), none);
    world.write('app.log', 'the first one, a long line\n');
    await reader.message('the first one, a long line');
    for (const name of ['app.log.2', 'app.log.1']) {
        world.rename('app.log', name);
        world.write('app.log', `after ${name}\n`);
        await reader.message(`after ${name}`);
    }
    fs.truncateSync(world.path('app.log'));
    world.append('app.log', 'short\n');
    await reader.message('short');
    const wanted = { ...none, inode_change: 2, size_decrease: 1 };
    await until('the counts', async () => JSON.stringify(await by_reason()) === JSON.stringify(wanted), { seen: () => reader.bytes });
}));

test('they count entries, readers, what was sent and what was missed', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const more = { httpserver: 'max_clients = 2\nbuffer_size = 16\n', tcpserver: 'max_clients = 1\n' };
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp, more }), args: ['--state=false'] });
    const of = (name, labels = '') => `logwisp_${name}{stream="app"${labels}}`;
    const observed = of('delivery_seconds_count');
    world.write('app.log', 'before 1\nbefore 2\n');
    await counts_to(http, of('entries_total'), 2);

    // What was there before the reader waited for nobody; what comes now is measured once it was sent.
    const reader = await world.sse(http, '/stream?tail=2');
    await reader.message('before 2');
    await counts_to(http, observed, 0);
    world.append('app.log', 'live\n');
    await reader.message('live');
    await counts_to(http, observed, 1);
    const { values } = await metrics(http);
    assert.ok(values[of('delivery_seconds_sum')] > 0);
    assert.equal(values[of('delivery_seconds_bucket', ',le="+Inf"')], 1);
    const buckets = Object.keys(values).filter((name) => name.startsWith('logwisp_delivery_seconds_bucket')).map((name) => values[name]);
    assert.deepEqual(buckets, [...buckets].sort((a, b) => a - b));
    assert.equal(values[of('entries_total')], 3);
    assert.equal(values[of('read_bytes_total')], 'before 1\nbefore 2\nlive\n'.length);
    assert.ok(values[of('sent_bytes_total')] > 0);

    // Readers come, are refused, go; each is counted by its server and by why.
    const second = await world.sse(http);
    assert.equal((await get(http, '/stream')).status, 503);
    const raw = await world.tcp(tcp);
    await readers(http, { http: 2, tcp: 1 });
    const refused = net.connect({ port: tcp, host: '127.0.0.1' });
    refused.on('error', () => {});
    await new Promise((resolve) => refused.on('close', resolve));
    second.close();
    raw.close();
    await counts_to(http, of('readers_ended_total', ',reason="client"'), 2);
    const after = (await metrics(http)).values;
    for (const [name, http_count, tcp_count] of [['readers_connected_total', 2, 1], ['readers_refused_total', 1, 1], ['readers', 1, 0], ['readers_limit', 2, 1]]) {
        assert.equal(after[of(name, ',server="http"')], http_count, name);
        assert.equal(after[of(name, ',server="tcp"')], tcp_count, name);
    }

    // Without a past, whoever asks for what the buffer has lost is told that it is gone.
    const first_id = reader.events('message')[0].id;
    for (let line = 0; line < 40; ++line) world.append('app.log', `more ${line}\n`);
    await reader.message('more 39');
    await world.sse(http, '/stream', { 'Last-Event-ID': first_id });
    await until('what is gone', async () => (await value_of(http, of('dropped_entries_total', ',reason="gone"'))) > 0);
    assert.equal(await value_of(http, of('dropped_entries_total', ',reason="behind"')), 0);
}));

test('they are where the configuration says, at every port and for all streams', scenario(async (world) => {
    const [one, two, router] = await world.ports(3);
    const config = one_stream({ dir: world.path('one'), name: 'one', http: one, more: { httpserver: 'metrics_path = "/m"' } }) +
        one_stream({ dir: world.path('two'), name: 'two', http: two, more: { httpserver: 'metrics_path = ""' } });
    const both = ['logwisp_entries_total{stream="one"}', 'logwisp_entries_total{stream="two"}'];
    const server = await world.start({ http: one, config });
    assert.deepEqual(Object.keys((await metrics(one, '/m')).values).filter((name) => name.startsWith('logwisp_entries')), both);
    assert.equal((await get(one, '/metrics')).status, 404);
    const nowhere = await get(two, '/metrics');
    assert.equal(nowhere.status, 404);
    assert.deepEqual(JSON.parse((await get(one, '/')).body).available, ['/stream', '/status', '/entries', '/m']);

    server.stderr = '';
    world.write('logwisp.toml', `[router]\nenabled = true\nport = ${router}\n${config}`);
    server.signal('SIGHUP');
    for (const target of ['/metrics', '/one/m']) {
        await until(target, () => get(router, target).then(({ status }) => status === 200, () => false));
        assert.deepEqual(Object.keys((await metrics(router, target)).values).filter((name) => name.startsWith('logwisp_entries')), both);
    }
    assert.equal((await get(router, '/two/metrics')).status, 404);
}));

test('the alert rules speak when something is wrong, and only then', scenario(async (world) => {
    fs.copyFileSync(path.join(packaging, 'prometheus/alerts.yaml'), world.path('alerts.yaml'));
    world.write('cases.yaml', fs.readFileSync(new URL('support/alerts.yaml', import.meta.url), 'utf8'));
    await run(tool('promtool'), ['test', 'rules', world.path('cases.yaml')]);
}));

// Once: it first looks for its targets after five seconds, and what it reads is made by neither backend.
if (backend !== 'epoll') test('Prometheus scrapes them, and has what the rules and the dashboard ask for', scenario(async (world) => {
    const [http, tcp, prometheus] = await world.ports(3);
    await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }) });
    const reader = await world.sse(http);
    world.append('app.log', 'one\ntwo\nthree\n');
    await reader.message('three');

    const shipped = fs.readFileSync(path.join(packaging, 'prometheus/scrape.yaml'), 'utf8');
    fs.copyFileSync(path.join(packaging, 'prometheus/alerts.yaml'), world.path('alerts.yaml'));
    world.write('prometheus.yml', shipped.replace('scrape_interval: 15s', 'scrape_interval: 200ms').replace('127.0.0.1:8080', `127.0.0.1:${http}`));
    await run(tool('promtool'), ['check', 'config', '--lint-fatal', world.path('prometheus.yml')]);
    const server = world.run(tool('prometheus'), ['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${prometheus}`, '--log.level=warn']);
    const ask = async (query) => {
        const answer = await get(prometheus, `/api/v1/query?query=${encodeURIComponent(query)}`).catch(() => null);
        return answer?.status === 200 ? JSON.parse(answer.body).data.result : [];
    };
    await until('the scraped counter', async () => (await ask('logwisp_entries_total'))[0]?.value[1] === '3', { seen: () => server.seen() });
    assert.equal((await ask('up{job="logwisp"}'))[0].value[1], '1');
    assert.equal((await ask('logwisp_delivery_seconds_count'))[0].value[1] > 0, true);
    const { groups } = JSON.parse((await get(prometheus, '/api/v1/rules')).body).data;
    assert.ok(groups[0].rules.length > 0);

    const known = new Set(JSON.parse((await get(prometheus, '/api/v1/label/__name__/values')).body).data);
    for (const file of ['prometheus/alerts.yaml', 'grafana/logwisp.json']) {
        const text = fs.readFileSync(path.join(packaging, file), 'utf8');
        const names = text.match(/\b(logwisp|process)_[a-z_]+/g).filter((name) => name !== 'logwisp_');
        assert.ok(names.length > 5);
        for (const name of new Set(names)) assert.ok(known.has(name), `${file}: nothing is called ${name}`);
    }
    // Every question of the dashboard is one that Prometheus understands.
    for (const panel of JSON.parse(fs.readFileSync(path.join(packaging, 'grafana/logwisp.json'), 'utf8')).panels)
        for (const { expr } of panel.targets) {
            const query = expr.replaceAll('$instance', '.*').replaceAll('$stream', '.*').replaceAll('$__rate_interval', '1m');
            const answer = await get(prometheus, `/api/v1/query?query=${encodeURIComponent(query)}`);
            assert.equal(answer.status, 200, answer.body);
        }
    server.signal('SIGTERM');
    await server.ended();
}));
