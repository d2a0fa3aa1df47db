// The process that writes: numbered lines, one write each, through a descriptor that is opened anew only when told, as services do on their
// reload signal. Started by writer.mjs, told what to do by lines of JSON on its standard input, and answers each with what it has written.
//
// A line is `w=WRITER f=OPENED n=NUMBER PADDING.`: numbers count from 1 over the writer's life, `f` counts how often it has opened its file.
import fs from 'node:fs';
import readline from 'node:readline';

const { name, file, rate = 0, padding = 24, flags = 'a' } = JSON.parse(process.argv[2]);
const lines_per_turn_max = 200;

let descriptor = -1;
let opened = 0;
let written = 0;
let running = false;
let began = 0;
let written_when_began = 0;
let timer = null;
const tail = ` ${'x'.repeat(padding)}.\n`;

function reopen() {
    if (descriptor >= 0) fs.closeSync(descriptor);
    descriptor = fs.openSync(file, flags, 0o644);
    ++opened;
}

function write(count) {
    for (let i = 0; i < count; ++i) fs.writeSync(descriptor, `w=${name} f=${opened} n=${++written}${tail}`);
}

// Lines that are due by now; flat out (rate 0) as many as go into a turn.
function turn() {
    if (!running) return;
    const due = rate === 0 ? lines_per_turn_max : Math.floor(((performance.now() - began) / 1000) * rate) - (written - written_when_began);
    write(Math.max(0, Math.min(due, lines_per_turn_max)));
    timer = rate === 0 || due > lines_per_turn_max ? setImmediate(turn) : setTimeout(turn, 1);
}

const answer = () => process.stdout.write(`${JSON.stringify({ written, opened })}\n`);

const commands = {
    go() {
        if (running) return;
        running = true;
        began = performance.now();
        written_when_began = written;
        turn();
    },
    pause() {
        running = false;
    },
    write({ count }) {
        write(count);
    },
    // `after_ms` later, and is answered at once: until then it goes on in the file it has.
    reopen({ after_ms = 0 }) {
        if (after_ms === 0) reopen();
        else setTimeout(reopen, after_ms);
    },
    close() {
        fs.closeSync(descriptor);
        descriptor = -1;
    },
    text({ text }) {
        fs.writeSync(descriptor, text);
    },
    count() {},
};

reopen();
answer();
readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const { command, ...options } = JSON.parse(line);
    commands[command](options);
    answer();
}).on('close', () => {
    running = false;
    process.exit(0);
});
