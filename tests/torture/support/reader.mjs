// A reader that comes back by its last id whenever the connection ends, as a browser does, and gives all it gets to a judge.
import http from 'node:http';
import { until } from '../../e2e/support/until.mjs';

const again_after_ms = 5;

export class ResumingReader {
    last_id = null;
    connections = 0;
    #closed = false;
    #request = null;
    #again = null;

    constructor(port, judge, target = '/stream') {
        this.options = { host: '127.0.0.1', port, path: target, agent: false };
        this.judge = judge;
        this.#connect();
    }

    #connect() {
        if (this.#closed) return;
        const headers = { Accept: 'text/event-stream', ...(this.last_id !== null && { 'Last-Event-ID': this.last_id }) };
        let text = '';
        let over = false;
        const end = () => {
            if (over) return;
            over = true;
            this.connected = false;
            this.#again = setTimeout(() => this.#connect(), again_after_ms);
        };
        this.#request = http.get({ ...this.options, headers }, (response) => {
            response.setEncoding('utf8');
            response.on('data', (chunk) => {
                text += chunk;
                let from = 0;
                for (let to; (to = text.indexOf('\n\n', from)) >= 0; from = to + 2) this.#event(text.slice(from, to));
                text = text.slice(from);
            });
            response.on('error', end).on('close', end);
        });
        this.#request.on('error', end);
    }

    // Half an event at a connection's end is none: it comes again.
    #event(text) {
        let id = null;
        let type = 'message';
        let data = '';
        for (const line of text.split('\n')) {
            if (line.startsWith('data: ')) data += line.slice(6);
            else if (line.startsWith('id: ')) id = line.slice(4);
            else if (line.startsWith('event: ')) type = line.slice(7);
        }
        if (type === 'connected') {
            ++this.connections;
            this.judge.connected();
            this.connected = true;
        } else if (type === 'gap') {
            this.judge.gap(data);
        } else if (type === 'message' && data !== '') {
            this.judge.entry(id, JSON.parse(data));
            this.last_id = id;
        }
    }

    async ready() {
        await until('connected reader', () => this.connected);
        return this;
    }

    close() {
        this.#closed = true;
        clearTimeout(this.#again);
        this.#request?.destroy();
    }
}
