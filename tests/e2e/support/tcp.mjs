// A reader of the raw TCP stream: one JSON object per line.
import net from 'node:net';
import { until } from './until.mjs';

export class TcpReader {
    text = '';
    ended = false;

    static async connect(port, host = '127.0.0.1') {
        const reader = new TcpReader();
        reader.socket = net.connect({ port, host });
        reader.socket.setEncoding('utf8');
        reader.socket.on('data', (chunk) => (reader.text += chunk));
        reader.socket.on('close', () => (reader.ended = true));
        await new Promise((resolve, reject) => {
            reader.socket.once('connect', resolve);
            reader.socket.once('error', reject);
        });
        reader.socket.on('error', () => {});
        return reader;
    }

    // Whole lines, parsed: a line that is not JSON fails the test here.
    objects() {
        return this.text.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    }

    entries() {
        return this.objects().filter((object) => object.type === undefined);
    }

    messages() {
        return this.entries().map((entry) => entry.message);
    }

    async message(text) {
        return until(`TCP entry with "${text}"`, () => this.entries().find((entry) => entry.message === text), { seen: () => this.text });
    }

    async control(type) {
        return until(`TCP line of type "${type}"`, () => this.objects().find((object) => object.type === type), { seen: () => this.text });
    }

    say(text) {
        this.socket.write(text);
    }

    end() {
        return until('end of the TCP stream', () => this.ended, { seen: () => this.text });
    }

    close() {
        this.socket.destroy();
    }
}
