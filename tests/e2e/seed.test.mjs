// A configuration as users of earlier versions wrote it (two streams, a directory and single files, HTTP and TCP, paths of their
// own) runs unchanged, standalone and behind the router, and every client command of that time works on it. Only ports and the root of
// the paths are this test's.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { get, get_json, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

// What tests/app reads is run here.
const as_written = fs.readFileSync(new URL('../fuzz/corpus/config/several_streams.toml', import.meta.url), 'utf8');

function configuration(world, [app, tcp, system]) {
    const replaced = { '/var/log': world.path('var/log'), 8080: app, 9090: tcp, 8443: system };
    return as_written.replace(/\/var\/log|\b(8080|9090|8443)\b/g, (word) => replaced[word]);
}

async function launch(world, args = []) {
    for (const name of ['myapp/app.log', 'syslog', 'auth.log']) world.write(`var/log/${name}`, 'from before the start\n');
    const ports = await world.ports(3);
    const server = await world.start({ http: ports[0], config: configuration(world, ports), args });
    return { server, ports };
}

// Lines written to the files of both streams, and what must come out of each.
function write(world) {
    world.append('var/log/myapp/app.log', 'ERROR Connection timeout\n');
    world.append('var/log/myapp/worker.log', '{"level":"info","msg":"started","user_id":"12345"}\n');
    world.append('var/log/syslog', 'Jan  1 12:00:00 host daemon[1]: syslog line\n');
    world.append('var/log/auth.log', 'Jan  1 12:00:00 host sshd[2]: auth line\n');
}

function check_app(text) {
    assert.match(text, /"source":"app\.log","level":"ERROR","message":"ERROR Connection timeout"\}/);
    assert.match(text, /"source":"worker\.log","level":"INFO","message":"started","fields":\{"user_id":"12345"\}\}/);
    assert.doesNotMatch(text, /syslog line|before the start/);
    // app.log is named by both targets and is followed once.
    assert.equal(text.split('Connection timeout').length - 1, 1);
}

function check_system(text) {
    assert.match(text, /"source":"syslog",.*syslog line"/);
    assert.match(text, /"source":"auth\.log",.*auth line"/);
    assert.doesNotMatch(text, /Connection timeout|before the start/);
}

const system_lines = /(syslog line[^]*auth line)|(auth line[^]*syslog line)/;
const app_lines = /(timeout[^]*started)|(started[^]*timeout)/;

test('standalone: every stream on its ports', scenario(async (world) => {
    const { server, ports: [app, tcp, system] } = await launch(world);
    await server.output('a line per stream with its URLs', new RegExp(`app.*127\\.0\\.0\\.1:${app}/stream[^]*system.*${system}/logs`));
    const curl_app = world.run('curl', ['-N', `http://localhost:${app}/stream`]);
    const curl_system = world.run('curl', ['-N', `http://localhost:${system}/logs`]);
    const raw = {
        nc: world.run('nc', ['localhost', tcp]),
        telnet: world.run('telnet', ['localhost', tcp]),
        socat: world.run('socat', ['-', `TCP:localhost:${tcp}`]),
    };
    await curl_app.output('greeting', /event: connected/);
    await curl_system.output('greeting', /"stream_path":"\/logs","status_path":"\/health"/);
    await until('readers', async () => (await get_json(system, '/health')).clients.tcp === 3);
    write(world);
    await curl_app.output('entries', app_lines);
    await curl_system.output('entries', system_lines);
    check_app(curl_app.stdout);
    check_system(curl_system.stdout);
    for (const client of Object.values(raw)) {
        await client.output('entries', system_lines);
        check_system(client.stdout);
    }

    const status = await get_json(app, '/status');
    assert.equal(status.stream, 'app');
    assert.deepEqual([status.server.port, status.server.active_clients, status.server.buffer_size], [app, 1, 2000]);
    const health = await get_json(system, '/health');
    assert.equal(health.stream, 'system');
    assert.deepEqual([health.clients.http, health.clients.tcp], [1, 3]);
    assert.equal((await get(system, '/status')).status, 404);
}));

test('router: every HTTP stream on one port', scenario(async (world) => {
    const { ports: [router, tcp] } = await launch(world, ['--router']);
    const curl_app = world.run('curl', ['-N', `http://localhost:${router}/app/stream`]);
    const curl_system = world.run('curl', ['-N', `http://localhost:${router}/system/logs`]);
    const nc = world.run('nc', ['localhost', tcp]);
    await curl_app.output('greeting', /event: connected\n.*"stream_path":"\/app\/stream","status_path":"\/app\/status"/);
    await curl_system.output('greeting', /event: connected\n.*"stream_path":"\/system\/logs","status_path":"\/system\/health"/);
    await until('readers', async () => (await get_json(router, '/system/health')).clients.tcp === 1);
    write(world);
    await curl_app.output('entries', app_lines);
    await curl_system.output('entries', system_lines);
    await nc.output('entries', system_lines);
    check_app(curl_app.stdout);
    check_system(curl_system.stdout);
    check_system(nc.stdout);

    assert.equal((await get_json(router, '/app/status')).stream, 'app');
    assert.equal((await get_json(router, '/system/health')).stream, 'system');
    const all = await get_json(router, '/status');
    assert.deepEqual(all.streams.map(({ stream }) => stream), ['app', 'system']);
    const lost = await get(router, '/nowhere');
    assert.equal(lost.status, 404);
    assert.equal(JSON.parse(lost.body).error, 'Not Found');
}));

test('the older form: one stream, targets and flags', scenario(async (world) => {
    const [http, tcp] = await world.ports(2);
    world.write('app/logs/seen.log', '');
    await world.start({
        http,
        args: ['--enable-tcp', '--tcp-port', `${tcp}`, '--tcp-buffer-size', '5000', '--http-port', `${http}`,
            '--check-interval', '50', `${world.path('var/log')}:*.log`, `${world.path('app/logs')}:error*.log`, `${world.path('one.txt')}::true`],
    });
    const curl = world.run('curl', ['-N', `http://localhost:${http}/stream`]);
    const nc = world.run('nc', ['localhost', tcp]);
    await curl.output('greeting', /event: connected/);
    await until('reader', async () => (await get_json(http, '/status')).clients.tcp === 1);
    world.append('app/logs/seen.log', 'not asked for\n');
    world.write('var/log/late.log', 'late\n');
    world.append('app/logs/errors.log', 'error line\n');
    world.append('one.txt', 'one line\n');
    for (const client of [curl, nc])
        for (const line of ['late', 'error line', 'one line']) await client.output(line, new RegExp(`"message":"${line}"`));
    assert.doesNotMatch(curl.stdout, /not asked for/);
}));
