/** What operator and runtime agree on about tracing. */

/** Of the traces that begin in a process those that are recorded, where `TRACES_RATIO` says nothing: one in a hundred. */
export const DEFAULT_RATIO = 0.01;
