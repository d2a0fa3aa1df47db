// A page in a real browser, with nothing but EventSource, sees entries as `message` events and comes back by itself after the server
// was restarted. Method: headless Chromium; the page is the status page of the same server, so that no CORS is involved; then one of
// another origin, which is let in only where the configuration says so.
import assert from 'node:assert/strict';
import http_server from 'node:http';
import test from 'node:test';
import { chromium } from 'playwright-core';
import { one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

async function open_page(world, url) {
    const context = await chromium.launchPersistentContext(world.path('chromium'), {
        executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium',
        headless: true,
        chromiumSandbox: false,
        args: quiet,
        env: { ...process.env, HOME: world.dir },
    });
    world.before_stop(() => context.close());
    const page = await context.newPage();
    await page.goto(url);
    return page;
}

// In the page: an EventSource that keeps what it sees in window.seen.
function subscribe(url) {
    window.seen = { connected: [], message: [], disconnect: [], errors: 0 };
    window.source = new EventSource(url);
    for (const type of ['connected', 'message', 'disconnect'])
        window.source.addEventListener(type, (event) => window.seen[type].push({ data: event.data, id: event.lastEventId }));
    window.source.onerror = () => ++window.seen.errors;
}

function seen(page, what, condition) {
    let last;
    return until(
        what,
        async () => {
            last = await page.evaluate(() => window.seen);
            return condition(last) && last;
        },
        { seen: () => JSON.stringify(last) },
    );
}

test('message events, and back again after a restart', scenario(async (world) => {
    const [http] = await world.ports(1);
    const config = one_stream({ dir: world.dir, http });
    const first = await world.start({ http, config });
    const page = await open_page(world, `http://127.0.0.1:${http}/status`);
    await page.evaluate(subscribe, '/stream');
    await seen(page, 'connected event', ({ connected }) => connected.length === 1);
    world.append('app.log', '{"level":"warn","msg":"<b>one</b>\\u2028"}\n');
    const { message } = await seen(page, 'message', ({ message }) => message.length === 1);
    const entry = JSON.parse(message[0].data);
    assert.deepEqual([entry.source, entry.level, entry.message], ['app.log', 'WARN', '<b>one</b>\u2028']);
    assert.notEqual(message[0].id, '');

    await world.stop(first);
    const { disconnect } = await seen(page, 'disconnect event', ({ disconnect }) => disconnect.length === 1);
    assert.deepEqual(JSON.parse(disconnect[0].data), { reason: 'server_shutdown' });
    await world.start({ http, config });
    await seen(page, 'second connection', ({ connected }) => connected.length === 2);
    world.append('app.log', 'two\n');
    const after = await seen(page, 'message after the restart', ({ message }) => message.length >= 2);
    assert.deepEqual(after.message.map(({ data }) => JSON.parse(data).message), ['<b>one</b>\u2028', 'two']);
}));

test('a connection that broke is resumed at the last id', scenario(async (world) => {
    const [http] = await world.ports(1);
    await world.start({ http, config: one_stream({ dir: world.dir, http }) });
    // A proxy of ours between browser and server, which can cut the connection as a network does.
    const net = await import('node:net');
    const cuts = new Set();
    let open = true;
    const proxy = net.createServer((near) => {
        if (!open) return near.destroy();
        const far = net.connect(http, '127.0.0.1');
        const cut = () => (near.destroy(), far.destroy());
        cuts.add(cut);
        near.pipe(far).pipe(near);
        for (const end of [near, far]) end.on('error', cut).on('close', cut);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    world.before_stop(() => (cuts.forEach((cut) => cut()), proxy.close()));

    const page = await open_page(world, `http://127.0.0.1:${proxy.address().port}/status`);
    await page.evaluate(subscribe, '/stream');
    await seen(page, 'connected event', ({ connected }) => connected.length === 1);
    world.append('app.log', 'before\n');
    await seen(page, 'message', ({ message }) => message.length === 1);
    open = false;
    cuts.forEach((cut) => cut());
    await readers(http, { http: 0 });
    world.append('app.log', 'meanwhile 1\nmeanwhile 2\n');
    open = true;
    const { message } = await seen(page, 'what was missed', ({ message }) => message.length >= 3);
    assert.deepEqual(message.map(({ data }) => JSON.parse(data).message), ['before', 'meanwhile 1', 'meanwhile 2']);
}));

test('a page of another origin is let in only when it is named', scenario(async (world) => {
    const [http, closed] = await world.ports(2);
    const elsewhere = http_server.createServer((_, answer) => answer.end('<!doctype html><title>elsewhere</title>'));
    await new Promise((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    world.before_stop(() => (elsewhere.closeAllConnections(), elsewhere.close()));
    const origin = `http://127.0.0.1:${elsewhere.address().port}`;
    await world.start({ http, config: one_stream({ dir: world.dir, http, more: { httpserver: `cors_origins = ["${origin}"]` } }) });
    const page = await open_page(world, origin);
    await page.evaluate(subscribe, `http://127.0.0.1:${http}/stream`);
    await seen(page, 'connected event', ({ connected }) => connected.length === 1);
    const status = await page.evaluate(async (url) => (await fetch(url)).json(), `http://127.0.0.1:${http}/status`);
    assert.equal(status.service, 'LogWisp');

    await world.start({ http: closed, config: one_stream({ dir: world.dir, http: closed }), args: ['--state=false'] });
    await page.evaluate(subscribe, `http://127.0.0.1:${closed}/stream`);
    const { connected } = await seen(page, 'refusal', ({ errors }) => errors > 0);
    assert.deepEqual(connected, []);
}));
