// What docs/ shows works: every reader of protocols.md runs as it stands there, across a restart of the server, and every configuration is
// valid; every link leads somewhere. Method: the code blocks are taken out of the pages.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { backend, binary, one_stream, readers, scenario } from './support/scenario.mjs';
import { until } from './support/until.mjs';

const root = new URL('../../', import.meta.url).pathname;
const pages = fs.readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`);
const text_of = (page) => fs.readFileSync(path.join(root, page), 'utf8');
// { language, use, code }
const blocks = (page) => [...text_of(page).matchAll(/^```(\w+)(?: (\w+))?\n([^]*?)^```$/gm)].map(([, language, use, code]) => ({ language, use, code }));
const in_protocols = (language, use) => blocks('docs/protocols.md').filter((block) => block.language === language && block.use === use).map(({ code }) => code);
const only = (language) => {
    const found = in_protocols(language, 'reader');
    assert.equal(found.length, 1, language);
    return found[0];
};

const at_ports = (code, http, tcp) => code.replaceAll('127.0.0.1:8080', `127.0.0.1:${http}`).replaceAll('127.0.0.1 9090', `127.0.0.1 ${tcp}`);

async function begin(world) {
    const [http, tcp] = await world.ports(2);
    const options = { http, config: one_stream({ dir: world.path('logs'), http, tcp }) };
    world.write('logs/app.log', 'from before\n');
    return { http, tcp, options, server: await world.start(options) };
}

// Readers by name to the command that runs them; their files are in a directory of their own.
async function across_a_restart(world, commands, built = () => {}) {
    const { http, tcp, options, server } = await begin(world);
    const running = Object.entries(commands).map(([file, { code, command }]) => {
        fs.mkdirSync(world.path(file), { recursive: true });
        world.write(`${file}/${file}`, at_ports(code, http, tcp));
        built(world.path(file));
        return world.run(command[0], command.slice(1), { cwd: world.path(file), detached: true });
    });
    // By their groups: a shell's pipes outlive it.
    world.before_stop(() => running.forEach((reader) => !reader.exit && process.kill(-reader.pid, 'SIGKILL')));
    const all_have = (line) => Promise.all(running.map((reader) => reader.output(line, new RegExp(`${line}\\b`))));
    await readers(http, { http: running.length });
    world.append('logs/app.log', 'line one\n');
    await all_have('line one');
    await world.stop(server);
    world.append('logs/app.log', 'line two\n');
    await world.start(options);
    world.append('logs/app.log', 'line three\n');
    await all_have('line three');
    for (const reader of running) assert.deepEqual(reader.stdout.match(/line \w+|from before/g), ['line one', 'line two', 'line three'], reader.seen());
}

// What is read is made by neither backend.
if (backend !== 'epoll') {
    test('readers of protocols.md go on after a restart, and miss and double nothing', scenario((world) => across_a_restart(world, {
        'reader.sh': { code: only('sh'), command: ['sh', 'reader.sh'] },
        'reader.mjs': { code: only('javascript'), command: [process.execPath, 'reader.mjs'] },
        'reader.py': { code: only('python'), command: ['python3', 'reader.py'] },
    })));

    const no_go = spawnSync('go', ['version']).status !== 0;
    test('the reader in Go does, too', { skip: no_go && 'there is no go here' }, scenario((world) => across_a_restart(world, {
        'reader.go': { code: only('go'), command: ['./reader'] },
    }, (cwd) => assert.equal(spawnSync('go', ['build', '-o', 'reader', 'reader.go'], { cwd, stdio: 'inherit' }).status, 0))));

    test('commands of protocols.md', scenario(async (world) => {
        const { http, tcp } = await begin(world);
        await until('history', async () => spawnSync('curl', ['-s', `http://127.0.0.1:${http}/status`], { encoding: 'utf8' }).stdout.includes('"kept":true'));
        world.append('logs/app.log', 'early\n');
        const commands = in_protocols('sh', 'run');
        assert.equal(commands.length, 4);
        for (const code of commands) {
            const command = world.run('bash', ['-c', at_ports(code, http, tcp)], { detached: true });
            // Nothing is written while those wait that ask for what is there.
            const live = code.includes('9090') && !code.includes('TAIL');
            const wanted = live ? /"message":"late"/ : /"message":"(early|late)"/;
            // Again and again: a reader without ids is given what comes once it is there.
            await until(`an entry from ${code}`, () => {
                if (live) world.append('logs/app.log', 'late\n');
                return wanted.test(command.stdout);
            }, { seen: () => command.seen() });
            if (!command.exit) process.kill(-command.pid, 'SIGKILL');
            await command.ended();
        }
    }));

    test('configurations are valid', scenario(async (world) => {
        let checked = 0;
        for (const page of [...pages, 'README.md'])
            for (const { language, code } of blocks(page)) {
                if (language !== 'toml') continue;
                const file = world.write('page.toml', code);
                const { status, stderr } = spawnSync(binary, ['check', '-c', file], { encoding: 'utf8' });
                assert.equal(status, 0, `${page}\n${code}\n${stderr}`);
                ++checked;
            }
        assert.ok(checked >= 5);
    }));

    test('links lead somewhere', () => {
        for (const page of [...pages, 'README.md'])
            for (const [, target] of text_of(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g))
                assert.ok(fs.existsSync(path.join(root, path.dirname(page), target)), `${page}: ${target}`);
        for (const page of pages) assert.ok(text_of('README.md').includes(`(${page})`), `README.md does not name ${page}`);
        for (const page of pages)
            for (const [file] of text_of(page).matchAll(/packaging\/[\w./-]+\w/g)) assert.ok(fs.existsSync(path.join(root, file)), `${page}: ${file}`);
    });
}
