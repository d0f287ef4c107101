/** What the carriers of events tell of their work. Labels are names that definitions declare: consumers and topics, never tenants. */
export interface EventMeter {
  /** Events of a topic were handed over, so long after they were emitted. */
  published(topic: string, events: number, afterMilliseconds: number): void;
  /** A consumer handled events in one transaction that took so long; the oldest was so old when that ended. */
  delivered(consumer: string, events: number, milliseconds: number, oldestMilliseconds: number): void;
  /** A handler failed; its event will be tried again. */
  retried(consumer: string): void;
  /** An event was given up. */
  died(consumer: string, topic: string): void;
}

/** Nobody reads it. */
export const noMeter: EventMeter = {
  published: () => undefined,
  delivered: () => undefined,
  retried: () => undefined,
  died: () => undefined,
};
