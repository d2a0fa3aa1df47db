// Clients of a service that is restarted again and again: clients.mjs PORT. Some ask and go, without a pause; one reads the stream and comes
// back by its last id; it prints what it hears. A line on standard input ends them, and what was refused or broken off is printed.
import { Agent, get } from 'node:http';
import { EventStreamReader } from '../e2e/support/sse.mjs';

const port = Number(process.argv[2]);
let going = true;
let answers = 0;
const failures = [];

function ask() {
    return new Promise((resolve) => {
        const agent = new Agent();
        get({ host: '127.0.0.1', port, path: '/healthz', agent }, (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode === 200 ? ++answers : failures.push(answer.statusCode)));
        }).on('error', (error) => resolve(failures.push(error.message)));
    });
}

async function client() {
    while (going) await ask();
}

const look_again_ms = 20;

// Until it ends, or we do; prints the lines as they come.
function read_on(stream) {
    let told = 0;
    let joined = false;
    return new Promise((resolve) => {
        const look = setInterval(() => {
            if (!joined && stream.events('connected').length > 0) joined = true, console.log('joined');
            for (const text of stream.messages().slice(told)) ++told, console.log(`heard: ${text}`);
            if (stream.ended || !going) resolve(clearInterval(look));
        }, look_again_ms);
    });
}

async function reader() {
    let id;
    while (going) {
        const stream = await EventStreamReader.open(`http://127.0.0.1:${port}/stream`, { ...(id && { 'Last-Event-ID': id }) });
        await read_on(stream);
        id = stream.events('message').at(-1)?.id ?? id;
        stream.close();
    }
}

process.stdin.once('data', () => (going = false));
await Promise.all([client(), client(), reader().catch((error) => failures.push(`the reader: ${error.message}`))]);
process.stdin.destroy();
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`${answers} answers, ${failures.length} failures`);
