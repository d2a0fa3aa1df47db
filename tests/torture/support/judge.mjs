// What a reader was given against what was written: every line once, in order per file, whole; and what could not be given was told.
//
// Not given at all are lines that were destroyed before anybody could read them (a truncation's own race): those have to be told by the
// synthetic entries of their file, exactly or as the least. A gap is a loss, told or not.
import assert from 'node:assert/strict';

const line_form = /^w=(\w+) f=(\d+) n=(\d+) x*\.$/;
const notice_form = /^Log rotation detected \(#(\d+)\): /;
const shown_max = 20;

export class Judge {
    doubled = [];
    disordered = [];
    torn = [];
    strange = [];
    gaps = [];
    notices = [];  // { number, source, lost_bytes, at_least }
    lines = 0;
    ids_out_of_step = [];
    partial = [];  // told as such: their end never came
    told_entries = 0;
    rotations = null;  // of the one file there is, where a case counts them: the last notice may be under a gap too
    #told_now = 0;
    #unknown_now = false;
    #seen = new Map();  // by writer: line number -> true
    #last = new Map();  // by writer and file: the last number
    #last_id = null;

    entry(id, entry) {
        this.#sequence(id);
        const line = line_form.exec(entry.message);
        if (line) return this.#line(line[1], line[2], Number(line[3]), entry);
        const notice = notice_form.exec(entry.message);
        if (notice) {
            const fields = entry.fields ?? {};
            this.notices.push({
                number: Number(notice[1]), source: entry.source,
                lost_bytes: fields.lost_bytes ?? fields.lost_bytes_at_least ?? 0,
                at_least: fields.lost_bytes_at_least !== undefined,
            });
            return;
        }
        if (entry.fields?.partial) this.partial.push(entry.message);
        else if (/^w=|\.$|n=\d/.test(entry.message)) this.torn.push(entry.message);
        else this.strange.push(entry.message);
    }

    #line(writer, file, number, entry) {
        if (entry.fields) this.torn.push(JSON.stringify(entry));
        ++this.lines;
        const seen = this.#seen.get(writer) ?? new Set();
        this.#seen.set(writer, seen);
        if (seen.has(number)) this.doubled.push(`${writer}:${number}`);
        seen.add(number);
        const key = `${writer}/${file}`;
        const last = this.#last.get(key) ?? 0;
        if (number < last) this.disordered.push(`${key}: ${number} after ${last}`);
        this.#last.set(key, number);
    }

    // Ids are without holes but for what gaps tell, over every start.
    #sequence(id) {
        const sequence = Number(/^.*-(\d+)$/.exec(id)[1]);
        const last = this.#last_id;
        if (last && !this.#unknown_now && sequence !== last.sequence + 1 + this.#told_now)
            this.ids_out_of_step.push(`${id} after ${last.id}, ${this.#told_now} told`);
        this.#last_id = { id, sequence };
        this.told_entries += this.#told_now;
        this.#told_now = 0;
        this.#unknown_now = false;
    }

    // Told again to a reader that comes back before it has got anything.
    connected() {
        this.#told_now = 0;
    }

    gap(text) {
        const gap = JSON.parse(text);
        this.gaps.push(gap);
        this.#told_now += gap.dropped ?? 0;
        this.#unknown_now ||= gap.dropped === null;
    }

    has(writer, number) {
        return this.#seen.get(writer)?.has(number) ?? false;
    }

    count(writer) {
        return this.#seen.get(writer)?.size ?? 0;
    }

    // Numbers of the writer's lines that never came.
    missing(writer, written) {
        const seen = this.#seen.get(writer) ?? new Set();
        const missing = [];
        for (let number = 1; number <= written; ++number) if (!seen.has(number)) missing.push(number);
        return missing;
    }

    told_lost_bytes() {
        return this.notices.reduce((sum, notice) => sum + notice.lost_bytes, 0);
    }

    told_unknown() {
        return this.notices.some((notice) => notice.at_least);
    }

    // Synthetic entries are numbered by file: those a gap was over.
    missing_notices() {
        if (this.rotations !== null) return this.rotations - new Set(this.notices.map(({ number }) => number)).size;
        const by_source = new Map();
        for (const { source, number } of this.notices) by_source.set(source, (by_source.get(source) ?? new Set()).add(number));
        let missing = 0;
        for (const numbers of by_source.values()) missing += Math.max(...numbers) - numbers.size;
        return missing;
    }

    // What was not given and not told either.
    unaccounted(writers) {
        const missing = writers.reduce((sum, { name, written }) => sum + written - this.count(name), 0);
        return missing + (this.told_entries > 0 ? this.missing_notices() : 0);
    }

    // Nothing doubled, torn or out of order; and of these writers ({ name, written }) nothing lost.
    complete(writers, what = '') {
        this.sound(what);
        const missing = writers.flatMap(({ name, written }) => this.missing(name, written).map((number) => `${name}:${number}`));
        const unaccounted = this.unaccounted(writers);
        const told = `${missing.length} lines and ${this.missing_notices()} notices did not come, ${this.told_entries} told by gaps: ${missing.slice(0, shown_max)}`;
        assert.equal(unaccounted, 0, `${what} ${told}`);
        assert.deepEqual(this.partial, [], `${what} half lines`);
        assert.ok(!this.gaps.some((gap) => gap.dropped === null), `${what} ids began anew`);
        return { lines: this.lines, told: this.told_entries, missing: missing.length };
    }

    sound(what = '') {
        const faults = { doubled: this.doubled, disordered: this.disordered, torn: this.torn, strange: this.strange, ids_out_of_step: this.ids_out_of_step };
        for (const [name, list] of Object.entries(faults))
            if (list.length > 0) assert.fail(`${what} ${list.length} ${name}: ${JSON.stringify(list.slice(0, shown_max))}`);
    }

    // Where bytes were destroyed: `lost_bytes` of them never came. Told exactly, or at least so many.
    destroyed(lost_bytes, what = '') {
        this.sound(what);
        const told = this.told_lost_bytes();
        if (this.told_unknown()) assert.ok(told <= lost_bytes, `${what} told at least ${told} bytes lost, and ${lost_bytes} were`);
        else assert.equal(told, lost_bytes, `${what} bytes told as lost`);
    }
}
