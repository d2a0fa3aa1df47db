// The container image, without a container engine: does what packaging/Dockerfile says in roots that debootstrap makes, looks at what the image
// adds, and runs it as packaging/compose.yaml does: its user, no capabilities, no new privileges, a root that cannot be written, a network and
// processes of its own; and with io_uring refused as Docker refuses it. Needs root, debootstrap, the refuse program of the tests, and Debian's
// mirror. Takes minutes: the program is built from its sources in there.
//
//   CONTAINER_DIR   where the roots are (default build/container); the bare one is kept there as base.tar
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../e2e/support/until.mjs';
import { image_of, parse_compose, parse_dockerfile } from './dockerfile.mjs';

const source_root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const work = process.env.CONTAINER_DIR ?? path.join(source_root, 'build/container');
const refuse = path.join(source_root, 'build/release/tests/refuse');

// What the image adds to the one that it is from: the program, three libraries and a user.
const added_bytes_max = 20 * 1024 * 1024;

function run(command, args, options = {}) {
    const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28, ...options });
    if (result.status !== 0)
        throw new Error(`${[command, ...args].join(' ')}: ${result.error ?? `exit code ${result.status}`}\n${(result.stdout + result.stderr).slice(-4000)}`);
    return result.stdout;
}

let checks = 0;
function ok(what) {
    console.log(`ok ${++checks} - ${what}`);
}

// --- Building. ---

function bare_system() {
    const archive = path.join(work, 'base.tar');
    if (!fs.existsSync(archive)) {
        const root = path.join(work, 'base');
        fs.rmSync(root, { recursive: true, force: true });
        run('debootstrap', ['--variant=minbase', 'bookworm', root]);
        run('tar', ['-C', root, '-cf', `${archive}.part`, '.']);
        fs.renameSync(`${archive}.part`, archive);
        fs.rmSync(root, { recursive: true });
    }
    return archive;
}

// Every file that is not a directory, with its size.
function files_of(root) {
    const rows = run('find', [root, '-xdev', '!', '-type', 'd', '-printf', '%s %P\\n']).split('\n').filter(Boolean);
    return new Map(rows.map((row) => [row.slice(row.indexOf(' ') + 1), Number(row.slice(0, row.indexOf(' ')))]));
}

// Commands of a build run as root with /proc and the devices, as an engine gives them; nothing of that stays.
function run_in(root, workdir, env, script) {
    const set_up = [
        'mount -t proc proc "$1/proc"',
        'mount -t tmpfs tmpfs "$1/dev"',
        'for node in null zero full random urandom tty; do : > "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done',
        'ln -s /proc/self/fd "$1/dev/fd"',
        'mount --bind /etc/resolv.conf "$1/etc/resolv.conf"',
        'exec chroot "$1" /bin/sh -c "cd \\"\\$0\\" && eval \\"\\$1\\"" "$2" "$3"',
    ].join(' && ');
    const names = new Set(['http_proxy', 'https_proxy', 'no_proxy']);
    const given = Object.fromEntries(Object.entries(process.env).filter(([name]) => names.has(name.toLowerCase())));
    run('unshare', ['--mount', 'sh', '-c', set_up, 'sh', root, workdir, script], {
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...given, ...env },
    });
}

// The files of the sources that .dockerignore leaves.
function copy_context(to) {
    const ignored = fs.readFileSync(path.join(source_root, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
    const excludes = ignored.map((pattern) => `--exclude=${pattern.startsWith('**/') ? pattern.slice(3) : `./${pattern}`}`);
    run('sh', ['-c', 'from=$1; to=$2; shift 2; tar -C "$from" -c "$@" . | tar -C "$to" -x', 'sh', source_root, to, ...excludes]);
}

function copy(step, roots, root, workdir) {
    const [from, to] = step.text.split(/\s+/);
    const target = path.join(root, path.resolve(workdir, to), to.endsWith('/') ? path.basename(from) : '');
    if (step.flags.from) {
        assert.ok(roots.has(step.flags.from), `COPY --from=${step.flags.from}: there is no such stage`);
        fs.mkdirSync(path.dirname(target), { recursive: true });
        return run('cp', ['-a', path.join(roots.get(step.flags.from), from), target]);
    }
    assert.equal(from, '.', 'the whole context is copied');
    copy_context(path.join(root, path.resolve(workdir, to)));
}

function build(stages) {
    const archive = bare_system();
    const roots = new Map();
    for (const [index, stage] of stages.entries()) {
        assert.equal(stage.from, 'debian:bookworm-slim', 'debootstrap makes this one');
        const name = stage.name ?? `stage-${index}`;
        const root = path.join(work, name);
        fs.rmSync(root, { recursive: true, force: true });
        fs.mkdirSync(root, { recursive: true });
        run('tar', ['-C', root, '-xf', archive]);
        fs.rmSync(path.join(root, 'etc/resolv.conf'), { force: true });
        fs.writeFileSync(path.join(root, 'etc/resolv.conf'), '');
        let workdir = '/';
        const env = {};
        for (const step of stage.steps) {
            if (step.word === 'WORKDIR') {
                workdir = path.resolve(workdir, step.text);
                fs.mkdirSync(path.join(root, workdir), { recursive: true });
            }
            if (step.word === 'ENV') Object.assign(env, image_of({ steps: [step] }).env);
            if (step.word === 'COPY') copy(step, roots, root, workdir);
            if (step.word === 'RUN') run_in(root, workdir, env, step.text);
        }
        roots.set(name, root);
        ok(`stage ${name}: ${stage.steps.filter(({ word }) => word === 'RUN' || word === 'COPY').length} steps`);
    }
    return [...roots.values()].at(-1);
}

const mebibytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;

function check_contents(root) {
    const bare = path.join(work, 'bare');
    fs.rmSync(bare, { recursive: true, force: true });
    fs.mkdirSync(bare);
    run('tar', ['-C', bare, '-xf', path.join(work, 'base.tar')]);
    const before = files_of(bare);
    fs.rmSync(bare, { recursive: true });
    let bytes = 0;
    let count = 0;
    const after = files_of(root);
    for (const [name, size] of after) {
        if (before.get(name) === size) continue;
        bytes += size;
        ++count;
        assert.doesNotMatch(name, /^src\/|(^|\/)(cc1plus|ninja|cmake|g\+\+)$|\.(o|cpp|hpp|deb)$|^var\/lib\/apt\/lists\/./, 'only what runs');
    }
    assert.ok(bytes <= added_bytes_max, `the image adds ${bytes} bytes`);
    const whole = [...after.values()].reduce((sum, size) => sum + size, 0);
    ok(`the image adds ${mebibytes(bytes)} in ${count} files, no compiler and no sources; with this machine's base ${mebibytes(whole)}`);
}

// --- Running. ---

// A volume begins with what the image has there.
function make_volumes(root, image, compose, config) {
    const log = path.join(work, 'log');
    fs.rmSync(log, { recursive: true, force: true });
    fs.mkdirSync(log);
    fs.writeFileSync(path.join(work, 'config.toml'), config, { mode: 0o644 });
    for (const volume of image.volumes) {
        const own = path.join(work, `volume${volume.replaceAll('/', '-')}`);
        fs.rmSync(own, { recursive: true, force: true });
        run('cp', ['-a', path.join(root, volume), own]);
    }
    return compose.volumes.map(({ from, to, read_only }) => {
        const here = from === '/var/log' ? log : from === './config.toml' ? path.join(work, 'config.toml') : path.join(work, `volume${to.replaceAll('/', '-')}`);
        return { from: here, to, read_only };
    });
}

class Container {
    stderr = '';
    exit = null;

    // `via`: commands that the whole of it runs under.
    constructor(root, image, compose, volumes, via = []) {
        assert.ok(compose.read_only && compose.cap_drop.includes('ALL') && compose.security_opt.includes('no-new-privileges:true'), 'compose.yaml locks it down');
        for (const { to } of volumes) {
            const point = path.join(root, to);
            if (to.endsWith('.toml')) fs.mkdirSync(path.dirname(point), { recursive: true }), fs.closeSync(fs.openSync(point, 'a'));
            else fs.mkdirSync(point, { recursive: true });
        }
        const binds = volumes.map(({ from, to, read_only }) => `mount --bind "${from}" "$1${to}"${read_only ? ` && mount -o remount,ro,bind "$1${to}"` : ''}`);
        const set_up = [
            'ip link set lo up',
            'mount --bind "$1" "$1"',
            'mount -t proc -o nosuid,nodev,noexec proc "$1/proc"',
            'mount -t tmpfs -o mode=755 tmpfs "$1/dev"',
            'for node in null zero full random urandom; do : > "$1/dev/$node"; mount --bind "/dev/$node" "$1/dev/$node"; done',
            ...binds,
            'mount -o remount,ro,bind "$1"',
            'root=$1 && user=$2 && shift 2',
            'exec chroot "$root" setpriv --reuid "$user" --regid "$user" --init-groups --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"',
        ].join(' && ');
        const [command, ...args] = [...via, 'unshare', '--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child', 'sh', '-c', set_up, 'sh', root, image.user, ...image.entrypoint, ...compose.command];
        this.child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...image.env } });
        this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
        this.child.on('close', (code, signal) => (this.exit = { code, signal }));
        this.image = image;
    }

    // Its process 1, as this machine numbers it.
    async find() {
        this.pid = await until('process', () => {
            if (this.exit) throw new Error(`it ended: ${this.stderr}`);
            const [child] = fs.readFileSync(`/proc/${this.child.pid}/task/${this.child.pid}/children`, 'utf8').trim().split(' ');
            return child && fs.readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'logwisp' && Number(child);
        }, { seen: () => this.stderr });
        return this;
    }

    // Where it is, as its user.
    inside(words) {
        return spawnSync('nsenter', ['-t', `${this.pid}`, '--mount', '--net', '--pid', `--root=/proc/${this.pid}/root`, 'setpriv', '--reuid', this.image.user, '--regid', this.image.user, '--init-groups', ...words], { encoding: 'utf8' });
    }

    // From outside, through its network.
    fetch(target) {
        return spawnSync('nsenter', ['-t', `${this.pid}`, '--net', 'curl', '-s', '-m', '10', `http://127.0.0.1:8080${target}`], { encoding: 'utf8' }).stdout;
    }

    field(name) {
        return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(fs.readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1];
    }

    async stop() {
        process.kill(this.pid, 'SIGTERM');
        await until('end', () => this.exit, { seen: () => this.stderr });
        assert.deepEqual(this.exit, { code: 0, signal: null }, this.stderr);
    }

    kill() {
        if (!this.exit) this.child.kill('SIGKILL');
    }
}

const config = `
[[streams]]
name = "app"
[streams.monitor]
targets = [{ path = "/var/log", pattern = "*.log" }]
[streams.httpserver]
enabled = true
host = "*"
[streams.tcpserver]
enabled = true
host = "*"
[state]
enabled = true
`;

async function check_running(root, image, compose, how, via, expect) {
    const volumes = make_volumes(root, image, compose, config);
    const container = new Container(root, image, compose, volumes, via);
    try {
        await container.find();
        await until('readiness', () => container.fetch('/readyz').includes('"ready"'), { seen: () => container.stderr });
        const health = container.inside(image.healthcheck);
        assert.equal(health.status, 0, health.stderr + container.stderr);
        assert.ok(!container.field('Uid').split(/\s+/).includes('0'), 'not root');
        for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb']) assert.match(container.field(set), /^0+$/, set);
        assert.equal(container.field('NoNewPrivs'), '1');
        assert.notEqual(container.inside(['touch', '/usr/local/bin/x']).status, 0, 'its root can be written');
        const log = path.join(work, 'log/app.log');
        run('install', ['-m', '0640', '-o', 'root', '-g', 'adm', '/dev/null', log]);
        fs.appendFileSync(log, 'to the container\n');
        await until('the line', () => container.fetch('/entries?tail=5').includes('"message":"to the container"'), { seen: () => container.fetch('/status') + container.stderr });
        const { backend } = JSON.parse(container.fetch('/status')).reactor;
        if (expect.backend) assert.equal(backend, expect.backend);
        const files = fs.readdirSync(path.join(work, `volume${image.volumes[0].replaceAll('/', '-')}`));
        assert.ok(files.length > 0, 'state in the volume');
        await container.stop();
        // All of it has been read now.
        const said = container.stderr.split('\n').filter((line) => line.includes('io_uring is not available'));
        assert.equal(said.length, backend === 'epoll' ? 1 : 0, container.stderr);
        if (expect.says) assert.match(said[0], expect.says);
        ok(`${how}: serves by ${backend} as ${image.user}, healthy, reads what group adm may, keeps its state in the volume, stops`);
    } finally {
        container.kill();
    }
}

fs.mkdirSync(work, { recursive: true });
const compose = parse_compose(fs.readFileSync(path.join(source_root, 'packaging/compose.yaml'), 'utf8'));
const stages = parse_dockerfile(fs.readFileSync(path.join(source_root, compose.dockerfile), 'utf8'));
const image = image_of(stages.at(-1));
assert.ok(image.user !== 'root' && image.entrypoint && image.healthcheck, 'a user, what runs, and how that is asked');
const root = build(stages);
check_contents(root);
await check_running(root, image, compose, 'as compose.yaml runs it', [], {});
for (const error of ['EPERM', 'ENOSYS']) {
    const words = error === 'EPERM' ? /Operation not permitted.*using epoll/ : /Function not implemented.*using epoll/;
    await check_running(root, image, compose, `io_uring refused with ${error}`, [refuse, `io_uring_setup=${error}`, '--'], { backend: 'epoll', says: words });
}
