// Ports of 127.0.0.1 for the servers of a test: the rule of tests/support/free_port.hpp, so that no test that runs beside this one, and no
// outgoing connection, gets one of them meanwhile.
import net from 'node:net';

const first_port = 12_000;
const ports_per_block = 50;
const port_blocks = 400;

// What listens there now, or null.
function listen_at(port) {
    return new Promise((resolve) => {
        const server = net.createServer();
        server.once('error', () => resolve(null));
        server.listen(port, '127.0.0.1', () => resolve(server));
    });
}

let block = process.pid;

// The first port of a block that is this process's from now on.
async function claim_ports() {
    for (let tried = 0; tried < port_blocks; ++tried) {
        const port = first_port + (++block % port_blocks) * ports_per_block;
        const server = await listen_at(port);
        if (server) return server.unref(), port;
    }
    throw new Error('no block of free ports');
}

let next = 0;
let end = 0;

// Each call gives another.
export async function free_port() {
    for (;;) {
        if (next === end) {
            next = (await claim_ports()) + 1;
            end = next + ports_per_block - 1;
        }
        const port = next++;
        const server = await listen_at(port);
        if (!server) continue;
        await new Promise((resolve) => server.close(resolve));
        return port;
    }
}
