/**
 * What stands in the virtual host of a scope: a quorum queue for each kind of task, queues in which a task waits for a while, one for
 * what nobody could use. The operator makes it, the runtime sends and receives; both read it here.
 */

/** Tasks go here by name; each queue is bound by the task's. */
export const TASKS_EXCHANGE = 'tasks';
/** What was given up goes here, and into the queue of the same name. */
export const DEAD = 'dead';

/** Of the waiting queues, in milliseconds. A longer wait passes several of them, the longest that fits first. */
const DELAYS = [
  50, 200, 800, 3_200, 12_800, 51_200, 204_800, 819_200, 3_276_800, 13_107_200, 52_428_800,
] as const;

export interface Exchange {
  readonly name: string;
  readonly type: 'direct' | 'fanout';
}

export interface Queue {
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

export interface Binding {
  readonly exchange: string;
  readonly queue: string;
  readonly routingKey: string;
}

export interface Topology {
  readonly exchanges: readonly Exchange[];
  readonly queues: readonly Queue[];
  readonly bindings: readonly Binding[];
}

export function taskQueueName(task: string): string {
  return `task.${task}`;
}

/** Exchange and queue of a wait. */
export function delayName(milliseconds: number): string {
  return `delay.${milliseconds}`;
}

/** The longest wait that is not too long; the shortest where all are. A task that is early waits once more. */
export function delayFor(milliseconds: number): number {
  return DELAYS.findLast((delay) => delay <= milliseconds) ?? DELAYS[0];
}

/** Durable, all of it. @param tasks names of kinds of tasks */
export function topologyOf(tasks: readonly string[]): Topology {
  return {
    exchanges: [
      { name: TASKS_EXCHANGE, type: 'direct' },
      { name: DEAD, type: 'fanout' },
      ...DELAYS.map((delay) => ({ name: delayName(delay), type: 'fanout' as const })),
    ],
    queues: [
      { name: DEAD, arguments: { 'x-queue-type': 'quorum' } },
      ...tasks.map((task) => ({
        name: taskQueueName(task),
        arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': DEAD },
      })),
      ...DELAYS.map((delay) => ({
        name: delayName(delay),
        arguments: {
          'x-queue-type': 'quorum',
          'x-message-ttl': delay,
          // Back by the routing key it came with, which is the task's name; confirmed before it leaves here.
          'x-dead-letter-exchange': TASKS_EXCHANGE,
          'x-dead-letter-strategy': 'at-least-once',
          'x-overflow': 'reject-publish',
        },
      })),
    ],
    bindings: [
      { exchange: DEAD, queue: DEAD, routingKey: '' },
      ...tasks.map((task) => ({
        exchange: TASKS_EXCHANGE,
        queue: taskQueueName(task),
        routingKey: task,
      })),
      ...DELAYS.map((delay) => ({ exchange: delayName(delay), queue: delayName(delay), routingKey: '' })),
    ],
  };
}
