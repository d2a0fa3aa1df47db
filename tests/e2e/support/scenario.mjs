// One test's world: a directory of its own, free loopback ports, the programs it started. However the test ends, they are ended, by
// their ids, and a LogWisp that did not exit cleanly (or that a sanitizer complained of) fails the test.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { free_port } from './ports.mjs';
import { Program } from './program.mjs';
import { EventStreamReader } from './sse.mjs';
import { TcpReader } from './tcp.mjs';
import { deadline_ms, until } from './until.mjs';

export const binary = process.env.E2E_PROGRAM;
export const backend = process.env.E2E_BACKEND ?? 'auto';
// What the program is told: "auto" where it is to find out by itself.
const backend_option = process.env.E2E_BACKEND_OPTION ?? backend;
assert.ok(binary, 'E2E_PROGRAM names the program under test');

const sanitizer_report = /ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|CHECK\(.*failed/;

export function scenario(body) {
    return async () => {
        const world = new World();
        try {
            await body(world);
            await world.let_go();
            await world.stop_servers();
        } catch (error) {
            if (error instanceof Error) error.message += world.report();
            throw error;
        } finally {
            await world.destroy();
        }
    };
}

class World {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'logwisp-e2e-'));
    #servers = [];
    #helpers = [];
    #readers = [];
    #before_stop = [];

    path(name) {
        return path.join(this.dir, name);
    }

    write(name, text) {
        fs.mkdirSync(path.dirname(this.path(name)), { recursive: true });
        fs.writeFileSync(this.path(name), text);
        return this.path(name);
    }

    append(name, text) {
        fs.appendFileSync(this.path(name), text);
    }

    rename(name, next) {
        fs.renameSync(this.path(name), this.path(next));
    }

    async ports(count) {
        const ports = [];
        while (ports.length < count) ports.push(await free_port());
        return ports;
    }

    // Starts LogWisp. `config` is TOML text; `via` is a command that runs it (["prlimit", "--nofile=64"]).
    launch({ config, args = [], env = {}, via = [], stdio, expected_exit = 0 } = {}) {
        const named = config === undefined ? [] : ['--config', this.write('logwisp.toml', config)];
        const choice = args.includes('--backend') ? [] : ['--backend', backend_option];
        const [command, ...rest] = [...via, binary, ...named, ...choice, ...args];
        const server = new Program(command, rest, {
            cwd: this.dir,
            env: { ...process.env, LOGWISP_CONFIG_FILE: undefined, HOME: this.dir, XDG_CONFIG_HOME: this.dir, LOGWISP_STATE_DIRECTORY: this.path('state'), ...env },
            ...(stdio && { stdio }),
        });
        server.expected_exit = expected_exit;
        this.#servers.push(server);
        return server;
    }

    // The same, once it says it is ready on HTTP port `http`, or accepts on TCP port `tcp`.
    async start({ http: http_port, tcp, ...options }) {
        const server = this.launch(options);
        await until(
            'ready LogWisp',
            async () => {
                if (server.exit) throw new Error(`LogWisp ended: ${server.seen()}`);
                return http_port ? (await get(http_port, '/readyz').catch(() => null))?.status === 200 : accepts(tcp);
            },
            { seen: () => server.seen() },
        );
        return server;
    }

    // A program that is ended with the test.
    run(command, args, options = {}) {
        const program = new Program(command, args, { cwd: this.dir, ...options });
        this.#helpers.push(program);
        return program;
    }

    async sse(port, target = '/stream', headers = {}) {
        return this.keep(await EventStreamReader.connect(`http://127.0.0.1:${port}${target}`, headers));
    }

    async tcp(port) {
        return this.keep(await TcpReader.connect(port));
    }

    // `end` runs when the test is over, before the servers are stopped.
    before_stop(end) {
        this.#before_stop.push(end);
    }

    async let_go() {
        for (const end of this.#before_stop.splice(0)) await end();
    }

    keep(reader) {
        this.#readers.push(reader);
        return reader;
    }

    async stop(server) {
        server.signal('SIGTERM');
        const exit = await server.ended();
        check_exit(server, exit);
    }

    async stop_servers() {
        for (const server of this.#servers) await this.stop(server);
    }

    report() {
        return this.#servers.concat(this.#helpers).map((program) => `\n=== ${program.seen()}`).join('');
    }

    async destroy() {
        await this.let_go();
        for (const reader of this.#readers) reader.close();
        for (const program of this.#helpers.concat(this.#servers)) {
            program.signal('SIGKILL');
            await program.ended();
        }
        fs.rmSync(this.dir, { recursive: true, force: true });
    }
}

function check_exit(server, exit) {
    assert.doesNotMatch(server.stderr, sanitizer_report);
    if (server.expected_exit !== null)
        assert.deepEqual(exit, { code: server.expected_exit, signal: null }, server.seen());
}

function accepts(port) {
    return new Promise((resolve) => {
        const socket = net.connect({ port, host: '127.0.0.1' });
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
    });
}

// One request on a connection of its own: { status, headers, body }.
export function get(port, target, { method = 'GET', headers = {} } = {}) {
    return new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port, path: target, method, headers, agent: false, timeout: deadline_ms }, (response) => {
            let body = '';
            response.setEncoding('utf8').on('data', (text) => (body += text));
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
            response.on('error', reject);
        });
        request.on('timeout', () => request.destroy(new Error(`no answer to ${target} within ${deadline_ms} ms`)));
        request.on('error', reject);
        request.end();
    });
}

export async function get_json(port, target) {
    const answer = await get(port, target);
    assert.equal(answer.status, 200, answer.body);
    assert.match(answer.headers['content-type'], /^application\/json/);
    return JSON.parse(answer.body);
}

// Waits until the stream's status counts so many readers.
export function readers(port, { http = 0, tcp = 0 }, target = '/status') {
    let clients;
    return until(
        `${http} HTTP and ${tcp} TCP readers`,
        async () => {
            ({ clients } = await get_json(port, target));
            return clients.http === http && clients.tcp === tcp;
        },
        { seen: () => JSON.stringify(clients) },
    );
}

// The usual configuration: one stream that follows *.log in `dir`, on the ports given. `more` is added inside the tables.
export function one_stream({ dir, name = 'app', http, tcp, more = {} }) {
    const server = (kind, port) =>
        port ? `[streams.${kind}]\nenabled = true\nport = ${port}\n${more[kind] ?? ''}\n` : '';
    return `${more.top ?? ''}
[[streams]]
name = "${name}"
[streams.monitor]
targets = [{ path = "${dir}", pattern = "*.log" }]
${more.monitor ?? ''}
${server('httpserver', http)}${server('tcpserver', tcp)}`;
}
