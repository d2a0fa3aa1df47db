import assert from 'node:assert/strict';
import net from 'node:net';

// A process that listens at a port, under a name of its own, and counts those who connect.
export class Holder {
    static async at(world, port, { name, host = '127.0.0.1' }) {
        const script = `process.title = '${name}'; let count = 0;
            require('net').createServer((socket) => { console.log('connection ' + ++count); socket.destroy(); }).listen(${port}, '${host}', () => console.log('listens'));`;
        const holder = Object.assign(new Holder(), { port, host: host.replace('::', '::1').replace('0.0.0.0', '127.0.0.1') });
        holder.program = world.run(process.execPath, ['-e', script]);
        await holder.program.output('its start', /listens/);
        return holder;
    }

    // Whoever came before us is counted before us.
    async heard_of_nobody() {
        const own = net.connect(this.port, this.host);
        await new Promise((resolve, reject) => own.on('error', reject).on('close', resolve).resume());
        await this.program.output('our own connection', /connection/);
        assert.equal(this.program.stdout.match(/connection/g).length, 1, 'the doctor connected');
    }
}
