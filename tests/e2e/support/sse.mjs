// A reader of event streams, written from the WHATWG text and sharing no code with LogWisp: what it understands, any client does.
import http from 'node:http';
import { until } from './until.mjs';

// Bytes to events and comments, by the grammar's rules for line ends, fields and dispatch.
export class EventStreamParser {
    events = [];
    comments = [];
    retry = null;
    #text = '';
    #data = [];
    #type = '';
    #last_event_id = '';
    #decoder = new TextDecoder('utf-8');  // drops one leading BOM, as the grammar asks

    push(bytes) {
        this.#text += this.#decoder.decode(bytes, { stream: true });
        // A CR at the very end may be half of a CRLF: wait for what follows.
        for (;;) {
            const end = /\r\n|\r(?!$)|\n/.exec(this.#text);
            if (!end) return;
            this.#line(this.#text.slice(0, end.index));
            this.#text = this.#text.slice(end.index + end[0].length);
        }
    }

    #line(line) {
        if (line === '') return this.#dispatch();
        if (line.startsWith(':')) return void this.comments.push(line.slice(1));
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'data') this.#data.push(value);
        else if (field === 'event') this.#type = value;
        else if (field === 'id' && !value.includes('\0')) this.#last_event_id = value;
        else if (field === 'retry' && /^[0-9]+$/.test(value)) this.retry = Number(value);
    }

    #dispatch() {
        if (this.#data.length > 0)
            this.events.push({
                type: this.#type || 'message',
                data: this.#data.join('\n'),
                id: this.#last_event_id,
            });
        this.#data = [];
        this.#type = '';
    }
}

// One GET of an event stream. `response` has status and headers; `ended` becomes true when the server has closed.
export class EventStreamReader {
    parser = new EventStreamParser();
    ended = false;
    bytes = '';

    static async open(url, headers = {}) {
        const reader = new EventStreamReader();
        await new Promise((resolve, reject) => {
            const request = http.get(url, { headers: { Accept: 'text/event-stream', ...headers }, agent: false }, (response) => {
                reader.response = response;
                reader.pause = () => response.pause();
                reader.resume = () => response.resume();
                response.on('data', (chunk) => {
                    reader.bytes += chunk.toString('latin1');
                    reader.parser.push(chunk);
                });
                response.on('end', () => (reader.ended = true));
                response.on('error', () => (reader.ended = true));
                resolve();
            });
            request.on('error', reject);
            reader.close = () => request.destroy();
        });
        return reader;
    }

    // The stream once it has said "connected".
    static async connect(url, headers = {}) {
        const reader = await EventStreamReader.open(url, headers);
        await reader.event('connected');
        return reader;
    }

    events(type) {
        return this.parser.events.filter((event) => event.type === type);
    }

    entries() {
        return this.events('message').map((event) => JSON.parse(event.data));
    }

    messages() {
        return this.entries().map((entry) => entry.message);
    }

    async event(type, count = 1) {
        await until(`${count} "${type}" event(s)`, () => this.events(type).length >= count || this.ended, { seen: () => this.bytes });
        const events = this.events(type);
        if (events.length < count) throw new Error(`the stream ended without "${type}"\n${this.bytes}`);
        return events[count - 1];
    }

    async message(text) {
        return until(`entry with "${text}"`, () => this.entries().find((entry) => entry.message === text), { seen: () => this.bytes });
    }

    end() {
        return until('end of the stream', () => this.ended, { seen: () => this.bytes });
    }
}
