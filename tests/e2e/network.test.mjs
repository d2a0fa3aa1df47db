// What the network does to readers: a server that does not accept for a while loses nobody who waits, and a reader whose host is gone without
// a word is let go within the time promised, and costs nothing then. Method: SIGSTOP; a network name space of its own behind a cable that
// is then pulled.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import test from 'node:test';
import { spawnSync } from 'node:child_process';
import { get, get_json, one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const sanitized = process.env.E2E_SANITIZED === '1';

test('a server that stands still while more come than its queue holds', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http, tcp }), args: ['--cores', '1'] });
    const before = await world.tcp(tcp);
    await readers(http, { tcp: 1 });
    const queue = Number(fs.readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
    const limit = Number(/Max open files\s+\d+\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/limits`, 'utf8'))[1]);
    const more = Math.min(queue, 4096) + 200;
    const count = Math.min(more, limit - 200);
    if (count < more) console.log(`# LIMITED: ${limit} descriptors allow ${count} clients, which do not fill a queue of ${queue}`);

    server.signal('SIGSTOP');
    const crowd = Array.from({ length: count }, () => {
        const client = { socket: net.connect({ port: tcp, host: '127.0.0.1' }), text: '', connected: false };
        client.socket.setEncoding('utf8').on('data', (text) => (client.text += text)).on('connect', () => (client.connected = true));
        client.socket.on('error', (error) => (client.error = error));
        world.keep({ close: () => client.socket.destroy() });
        return client;
    });
    await until('a full queue', () => crowd.filter(({ connected }) => connected).length >= Math.min(queue, 4096, count));
    world.append('app.log', 'while it stood still\n');
    server.signal('SIGCONT');
    await before.message('while it stood still');
    await readers(http, { tcp: count + 1 });
    world.append('app.log', 'to all\n');
    await until('all to hear it', () => crowd.every(({ text }) => text.includes('"message":"to all"')),
        { seen: () => JSON.stringify(crowd.find(({ text }) => !text.includes('"to all"')), ['text', 'connected', 'error']) });
    assert.equal((await get(http, '/healthz')).status, 200);
}));

const ip = (...words) => spawnSync('ip', words, { encoding: 'utf8' });

// A host at the end of a cable; null where we may not have one.
function other_host(world) {
    const id = `lw${process.pid % 10000}`;
    const octet = 1 + (process.pid % 250);
    const host = { name: id, near: `10.213.${octet}.1`, far: `10.213.${octet}.2`, cable: `${id}a` };
    for (const words of [
        ['netns', 'add', id],
        ['link', 'add', host.cable, 'type', 'veth', 'peer', 'name', `${id}b`, 'netns', id],
        ['addr', 'add', `${host.near}/30`, 'dev', host.cable],
        ['link', 'set', host.cable, 'up'],
        ['-n', id, 'addr', 'add', `${host.far}/30`, 'dev', `${id}b`],
        ['-n', id, 'link', 'set', `${id}b`, 'up'],
    ]) {
        const done = ip(...words);
        if (done.status === 0) continue;
        ip('netns', 'del', id);
        console.log(`# NOT TESTED: no second host on this machine: ip ${words.join(' ')}: ${done.stderr ?? done.error}`);
        return null;
    }
    world.keep({ close: () => (ip('link', 'del', host.cable), ip('netns', 'del', id)) });
    host.pull_the_cable = () => assert.equal(ip('-n', id, 'link', 'set', `${id}b`, 'down').status, 0);
    host.run = (...command) => world.run('ip', ['netns', 'exec', id, ...command]);
    return host;
}

const resident_kib = (server) => Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);

test('readers whose host is gone', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    const host = other_host(world);
    const near = host?.near ?? '127.0.0.1';
    const more = { httpserver: 'host = "*"', tcpserver: 'host = "*"' };
    const server = await world.start({ http, config: one_stream({ dir: world.dir, http, tcp, more }) });
    const witness = await world.tcp(tcp);
    const sse = ['curl', '-sN', `http://${near}:${http}/stream`];
    const raw = ['nc', near, `${tcp}`];
    const far = [sse, raw].map((command) => (host ? host.run(...command) : world.run(command[0], command.slice(1))));
    await readers(http, { http: 1, tcp: 2 });
    world.append('app.log', 'both here\n');
    for (const client of far) await client.output('entry', /both here/);

    // Without a second host: at least that such readers are let go when they end.
    if (host) host.pull_the_cable();
    else for (const client of far) client.signal('SIGKILL');
    const began = resident_kib(server);
    // Something is sent to them now and then, as on any stream.
    const traffic = setInterval(() => world.append('app.log', 'anybody there?\n'), 500);
    try {
        await until('their end', async () => {
            const { clients } = await get_json(http, '/status');
            return clients.http === 0 && clients.tcp === 1;
        }, { within_ms: 120_000, seen: () => server.seen() });
    } finally {
        clearInterval(traffic);
    }
    world.append('app.log', 'the others go on\n');
    await witness.message('the others go on');
    // AddressSanitizer keeps what was freed for a while.
    if (!sanitized) assert.ok(resident_kib(server) < began + 8 * 1024, 'memory that grew with readers that were gone');
}));
