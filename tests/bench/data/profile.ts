/** Where a Node process spends its processor time, by whose code runs: V8's sampling profiler, summed. */
import { Session } from 'node:inspector/promises';

/** Milliseconds by whose code it was. */
export type Profile = Readonly<Record<string, number>>;

/** In the order in which they are looked for in a function's file. */
const WHOSE: readonly (readonly [part: string, name: string])[] = [
  ['/kafkajs/', 'kafkajs'],
  ['/node_modules/pg', 'pg'],
  ['/runtime/platform/sql/', 'our SQL port'],
  ['/runtime/platform/', 'our events port'],
  ['/tests/bench/', 'the benchmark'],
  ['node:', 'Node'],
];

/** @returns ends it */
export async function startProfile(): Promise<() => Promise<Profile>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    const names = new Map<number, string>();
    // A parent stands before its children. Built-in functions have no file: they are their callers'.
    const parents = new Map(
      profile.nodes.flatMap(({ id, children }) => (children ?? []).map((child) => [child, id])),
    );
    for (const { id, callFrame } of profile.nodes) {
      const own = nameOf(callFrame.functionName, callFrame.url);
      names.set(id, own ?? names.get(parents.get(id) ?? 0) ?? 'other');
    }
    const sums: Record<string, number> = {};
    for (const [index, sample] of (profile.samples ?? []).entries()) {
      const name = names.get(sample) ?? 'other';
      sums[name] = (sums[name] ?? 0) + (profile.timeDeltas?.[index] ?? 0) / 1_000;
    }
    delete sums['idle'];
    return sums;
  };
}

function nameOf(functionName: string, url: string): string | undefined {
  if (functionName === '(idle)') return 'idle';
  if (functionName === '(garbage collector)') return 'garbage collection';
  if (functionName === '(program)') return 'outside of JavaScript';
  return WHOSE.find(([part]) => url.includes(part))?.[1];
}
