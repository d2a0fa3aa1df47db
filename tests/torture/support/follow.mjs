// What every case has: a directory of logs, LogWisp with a ledger following it, a reader that comes back by its last id, a judge.
import fs from 'node:fs';
import { get_json, one_stream, scenario } from '../../e2e/support/scenario.mjs';
import { until } from '../../e2e/support/until.mjs';
import { Judge } from './judge.mjs';
import { ResumingReader } from './reader.mjs';
import { Writer } from './writer.mjs';
import test from 'node:test';

export const long = process.env.TORTURE_LONG === '1';
export const sanitized = process.env.E2E_SANITIZED === '1';

// A row of the table in README.md.
export function row(rows, name, body) {
    test(`${rows}: ${name}`, scenario(body));
}

export class Following {
    judge = new Judge();

    // `dir` is in the world; `pattern`, `targets` (TOML) and `monitor` say what is followed; `via` and `env` how it is started.
    static async start(world, { dir = 'logs', pattern = '*.log', targets, monitor = '', sync = 'none', state = 'state', max_bytes = 1048576, buffer = 200_000, target = '/stream', via, env, args, expected_exit } = {}) {
        const self = new Following();
        self.world = world;
        self.dir = world.path(dir);
        fs.mkdirSync(self.dir, { recursive: true, mode: 0o755 });
        [self.http] = await world.ports(1);
        self.config = one_stream({
            dir: self.dir, http: self.http,
            more: {
                top: `[state]\nenabled = true\ndirectory = "${world.path(state)}"\nsync = "${sync}"\nmax_bytes = ${max_bytes}\n`,
                httpserver: `buffer_size = ${buffer}\n`, monitor,
            },
        }).replace('*.log', pattern).replace(/targets = \[.*\]/, (usual) => (targets ? `targets = [${targets}]` : usual));
        self.how = { via, args, expected_exit, env: { LOGWISP_STATE_DIRECTORY: world.path(state), ...env } };
        await self.launch();
        self.reader = world.keep(new ResumingReader(self.http, self.judge, target));
        await self.reader.ready();
        return self;
    }

    async launch() {
        const { expected_exit, ...how } = this.how;
        this.server = await this.world.start({ http: this.http, config: this.config, expected_exit, ...how });
        return this.server;
    }

    async kill() {
        this.server.expected_exit = null;
        this.server.signal('SIGKILL');
        await this.server.ended();
    }

    async stopped() {
        await this.world.stop(this.server);
    }

    writer(options = {}) {
        return Writer.start(this.world, { file: `${this.dir}/app.log`, ...options });
    }

    // The server has a file open whose name ends so.
    holds(end) {
        const descriptors = `/proc/${this.server.pid}/fd`;
        return fs.readdirSync(descriptors).some((number) => {
            try {
                return fs.readlinkSync(`${descriptors}/${number}`).endsWith(end);
            } catch {
                return false;  // closed meanwhile
            }
        });
    }

    status() {
        return get_json(this.http, '/status');
    }

    // Every line the writers have written by now has come, and nothing twice.
    async complete(...writers) {
        for (const writer of writers) await writer.pause();
        await this.caught_up(...writers);
        await until('all lines', () => this.judge.unaccounted(writers) <= 0, { seen: () => this.seen(writers) });
        return this.judge.complete(writers);
    }

    // The last line of each writer has come: what is not there by now never comes.
    async caught_up(...writers) {
        for (const writer of writers) await writer.write(1);
        const last = () => writers.every(({ name, written }) => this.judge.has(name, written));
        await until('last lines', last, { seen: () => this.seen(writers) });
    }

    seen(writers) {
        const lines = writers.map(({ name, written }) => `writer ${name}: ${written} written, ${this.judge.count(name)} came, missing ${this.judge.missing(name, written).slice(0, 20)}`);
        return `${lines.join('\n')}\n${this.judge.lines} lines in all, ${this.judge.told_entries} told by ${JSON.stringify(this.judge.gaps.slice(-5))}, ${this.judge.missing_notices()} notices missing\n${JSON.stringify(this.judge.notices.slice(-20))}`;
    }
}
