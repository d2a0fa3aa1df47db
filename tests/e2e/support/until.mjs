// Waiting for a condition with a deadline: tests here never sleep to let something happen.
import { setTimeout as pause } from 'node:timers/promises';

// Generous: it is only spent when a test fails. Sanitizers and valgrind are slow and say so.
export const deadline_ms = Number(process.env.E2E_DEADLINE_MS ?? 20_000);

// Asks again until `condition` gives something true and returns that; `what` and `seen()` go into the error.
export async function until(what, condition, { within_ms = deadline_ms, seen = () => '' } = {}) {
    const end = performance.now() + within_ms;
    for (;;) {
        const result = await condition();
        if (result) return result;
        if (performance.now() > end) throw new Error(`no ${what} within ${within_ms} ms\n${seen()}`);
        await pause(10);
    }
}
