// File systems made for a test: `run.sh` has given it a place of its own to mount in, so that nothing of them outlives it.
import fs from 'node:fs';
import { run } from '../../e2e/support/program.mjs';

// Unmounted with the test; whoever still uses it keeps it.
export async function mount(world, name, ...options) {
    const dir = world.path(name);
    fs.mkdirSync(dir, { recursive: true });
    await run('mount', [...options, dir]);
    world.before_stop(() => unmount(dir).catch(() => {}));
    return dir;
}

export const unmount = (dir) => run('umount', ['--lazy', dir]);

// An ext4 in a file: it gives inode numbers again at once, as the ones below containers do. `image` is the file.
export async function mount_ext4(world, name, { image = world.path(`${name}.ext4`), size = '64M' } = {}) {
    await run('truncate', ['--size', size, image]);
    await run('mkfs.ext4', ['-q', '-F', image]);
    return mount(world, name, '-o', 'loop', image);
}

// A case that mounts: says so where that is refused.
export const mounting = (body) => async (world) => {
    try {
        await unmount(await mount(world, 'probe', '-t', 'tmpfs', 'none'));
    } catch {
        return console.log('# NOT TESTED: mounting is refused here');
    }
    return body(world);
};
