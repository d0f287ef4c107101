/**
 * Issues one certificate in a thread of its own: the library is large and needed a few times a year, so its memory goes with
 * the thread, and the operator's loop is not held up while it loads.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { issue } from './certificate.ts';
import type { Order } from './certificate.ts';

// Given by `issueApart`, the only one who starts this.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage(await issue(workerData as Order));
