/** How a runtime's Node is started: `runtime/Containerfile` says the same, and benchmarks measure with it. */

/**
 * New objects are few: room for them that stays empty belongs to nobody. And what outlived them is looked through once it has grown by half: left
 * alone, V8 waits until a small heap is several times what lives in it (237 MB instead of 160 while orders are placed, for no less CPU).
 */
export const HEAP: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=50'];

/** As much of it as Node takes from NODE_OPTIONS, which is how the embedded cluster's Pods are told: it refuses to start with any other. */
export const HEAP_BY_ENVIRONMENT: readonly string[] = HEAP.filter((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag.replace(/=.*/, '')),
);
