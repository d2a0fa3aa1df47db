// What a Dockerfile says, as far as ours uses the language; anything else is an error, not a guess. Pure.

const words_of_the_image = ['ENV', 'USER', 'WORKDIR', 'VOLUME', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT'];
const words_that_do = ['RUN', 'COPY'];

// Lines that end in a backslash go on; comments, also between those, do not count.
function logical_lines(text) {
    const lines = [];
    let open = '';
    for (const line of text.split('\n')) {
        if (/^\s*(#|$)/.test(line)) continue;
        open += line.replace(/\\$/, '');
        if (line.endsWith('\\')) continue;
        lines.push(open.trim());
        open = '';
    }
    if (open !== '') throw new Error('the last line goes on');
    return lines;
}

// ["a", "b"] or null: the shell's form.
function exec_form(text) {
    if (!text.startsWith('[')) return null;
    return JSON.parse(text);
}

function step_of(word, rest) {
    const flags = {};
    for (let flag; (flag = /^--([a-z-]+)=(\S+)\s+/.exec(rest)); rest = rest.slice(flag[0].length)) flags[flag[1]] = flag[2];
    return { word, flags, text: rest, list: exec_form(rest) };
}

// [{ from, name, steps: [{ word, flags, text, list }] }]
export function parse_dockerfile(text) {
    const stages = [];
    for (const line of logical_lines(text)) {
        const [, word, rest] = /^([A-Z]+)\s+([^]*)$/.exec(line) ?? [];
        if (word === 'FROM') {
            const [, from, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
            if (!from) throw new Error(`not understood: ${line}`);
            stages.push({ from, name, steps: [] });
        } else if (stages.length > 0 && (words_of_the_image.includes(word) || words_that_do.includes(word))) {
            stages.at(-1).steps.push(step_of(word, rest));
        } else {
            throw new Error(`not understood: ${line}`);
        }
    }
    return stages;
}

// What the last stage says of the running container.
export function image_of(stage) {
    const image = { env: {}, volumes: [], ports: [], user: 'root', workdir: '/', entrypoint: null, healthcheck: null };
    for (const { word, text, list } of stage.steps) {
        if (word === 'ENV') Object.assign(image.env, Object.fromEntries([/^(\w+)=(\S+)$/.exec(text).slice(1)]));
        if (word === 'USER') image.user = text;
        if (word === 'WORKDIR') image.workdir = text;
        if (word === 'VOLUME') image.volumes.push(...(list ?? [text]));
        if (word === 'EXPOSE') image.ports.push(...text.split(/\s+/).map(Number));
        if (word === 'ENTRYPOINT') image.entrypoint = list;
        if (word === 'HEALTHCHECK') image.healthcheck = exec_form(/^CMD\s+([^]*)$/.exec(text)[1]);
    }
    return image;
}

// The parts of compose.yaml that say how the one service runs.
export function parse_compose(text) {
    const list = (key) => JSON.parse(new RegExp(`^ +${key}: (\\[.*\\])$`, 'm').exec(text)[1].replace(/(?<=[[, ])([A-Z]+)(?=[\],])/g, '"$1"'));
    const block = new RegExp('^    volumes:\\n((?:      - .*\\n)+)', 'm').exec(text)[1];
    const volumes = [...block.matchAll(/- ([^:\n]+):([^:\n]+)(:ro)?$/gm)].map(([, from, to, ro]) => ({ from, to, read_only: Boolean(ro) }));
    return {
        command: list('command'),
        cap_drop: list('cap_drop'),
        security_opt: list('security_opt'),
        read_only: /^ +read_only: true$/m.test(text),
        dockerfile: /^ +dockerfile: (.*)$/m.exec(text)[1],
        volumes,
    };
}
