// A child process whose output a test reads while it runs: LogWisp itself, curl, nc, logrotate. Its end is waited for by its owner.
import { spawn } from 'node:child_process';
import { deadline_ms, until } from './until.mjs';

export class Program {
    stdout = '';
    stderr = '';
    exit = null;  // { code, signal } once it has ended

    constructor(command, args, options = {}) {
        this.name = [command, ...args].join(' ');
        this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
        this.child.stdout?.setEncoding('utf8').on('data', (text) => (this.stdout += text));
        this.child.stderr?.setEncoding('utf8').on('data', (text) => (this.stderr += text));
        this.child.stdin?.on('error', () => {});
        this.child.on('error', (error) => (this.exit = { code: null, signal: null, error }));
        this.child.on('close', (code, signal) => (this.exit ??= { code, signal }));
    }

    get pid() {
        return this.child.pid;
    }

    seen() {
        return `${this.name}\n--- its stdout\n${this.stdout}\n--- its stderr\n${this.stderr}\n--- its end: ${JSON.stringify(this.exit)}`;
    }

    async output(what, pattern) {
        return until(what, () => pattern.exec(this.stdout), { seen: () => this.seen() });
    }

    async complaint(what, pattern) {
        return until(what, () => pattern.exec(this.stderr), { seen: () => this.seen() });
    }

    async ended(within_ms = deadline_ms) {
        return until(`end of ${this.name}`, () => this.exit, { within_ms, seen: () => this.seen() });
    }

    signal(name) {
        if (!this.exit) this.child.kill(name);
    }
}

// Runs to the end and returns its output; anything but exit code 0 is an error.
export async function run(command, args, options = {}) {
    const program = new Program(command, args, options);
    program.child.stdin?.end();
    const { code } = await program.ended();
    if (code !== 0) throw new Error(`exit code ${code}: ${program.seen()}`);
    return program.stdout;
}
