// A file system that hangs when it is told to (tests/support/hanging_fs.cpp): `name` shows, through FUSE, what is written into
// `name`-behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from './until.mjs';

const program = process.env.E2E_HANGING_FS;
assert.ok(program, 'E2E_HANGING_FS names the file system');

// Why no such file system can be had on this machine; false: it can.
export const no_fuse = (() => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'logwisp-fuse-'));
    const tried = spawnSync(program, [dir, dir], { input: '' });
    fs.rmdirSync(dir);
    return tried.status === 77 ? `FUSE cannot be mounted here: ${String(tried.stderr).trim()}` : false;
})();

export class HangingFs {
    static async mount(world, name) {
        const hanging = new HangingFs();
        const behind = world.path(`${name}-behind`);
        fs.mkdirSync(behind);
        fs.mkdirSync(world.path(name), { recursive: true });
        hanging.program = world.run(program, [behind, world.path(name)]);
        await hanging.program.output('the file system', /^mounted$/m);
        return hanging;
    }

    async #say(command, answer) {
        const before = this.program.stdout.length;
        this.program.child.stdin.write(`${command}\n`);
        await until(`answer to ${command}`, () => this.program.stdout.includes(answer, before), { seen: () => this.program.seen() });
    }

    // From here on these are not answered.
    hang(...operations) {
        this.held = this.program.stdout.length;
        return this.#say(`hang ${operations.join(' ')}`, 'hangs');
    }

    // Somebody waits for an answer since hang().
    somebody_hangs() {
        return until('a call that hangs', () => this.program.stdout.includes('holds ', this.held), { seen: () => this.program.seen() });
    }

    go() {
        return this.#say('go', 'goes');
    }

    // Whatever happens, nobody is left waiting and nothing mounted.
    async unmount() {
        this.program.child.stdin.end();
        await this.program.ended();
    }
}
