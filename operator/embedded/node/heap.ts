/** How Pods that are Node are started. `runtime/Containerfile` says the same of a shop's domains, and benchmarks measure with it. */

/**
 * New objects are few: room for them that stays empty belongs to nobody. And what outlived them is looked through once it has grown by half: left
 * alone, V8 waits until a small heap is several times what lives in it (237 MB instead of 160 while orders are placed, for no less CPU).
 */
export const HEAP: readonly string[] = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
