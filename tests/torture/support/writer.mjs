// A writer in a process of its own (writing.mjs), and what it has written so far.
import { fileURLToPath } from 'node:url';
import { until } from '../../e2e/support/until.mjs';

const program = fileURLToPath(new URL('writing.mjs', import.meta.url));

export class Writer {
    written = 0;
    #answers = 0;
    #asked = 1;

    // `rate` lines per second, 0 is flat out; it begins when told to go.
    static async start(world, { name = '1', file, rate = 5000, padding = 24, ...more }) {
        const writer = new Writer();
        Object.assign(writer, { name, file, padding });
        writer.process = world.run(process.execPath, [program, JSON.stringify({ name, file, rate, padding, ...more })]);
        await writer.#answered();
        return writer;
    }

    async #answered() {
        await until(`answer ${this.#asked} of the writer`, () => {
            const lines = this.process.stdout.split('\n');
            if (lines.length - 1 < this.#asked) {
                if (this.process.exit) throw new Error(`the writer ended: ${this.process.seen()}`);
                return false;
            }
            this.#answers = lines.length - 1;
            this.written = JSON.parse(lines[this.#asked - 1]).written;
            return true;
        });
    }

    async #tell(command, options = {}) {
        ++this.#asked;
        this.process.child.stdin.write(`${JSON.stringify({ command, ...options })}\n`);
        await this.#answered();
        return this.written;
    }

    go = () => this.#tell('go');
    pause = () => this.#tell('pause');
    count = () => this.#tell('count');
    write = (count) => this.#tell('write', { count });
    reopen = (after_ms = 0) => this.#tell('reopen', { after_ms });
    close = () => this.#tell('close');
    text = (text) => this.#tell('text', { text });

    // What its line `number` takes in the file, opened but once.
    line_bytes = (number) => `w=${this.name} f=1 n=${number} .\n`.length + this.padding;

    // `count` more lines than now are written.
    async more(count) {
        const end = this.written + count;
        await until(`${count} more lines`, async () => (await this.count()) >= end);
    }
}
