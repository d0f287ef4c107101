/**
 * Whoever holds data of tenants and of their customers: rows, objects, an index, a topic. Each says what it has, gives it out, erases
 * it, and looks again.
 */
export interface Subject {
  readonly tenant: string;
  /** Id of a customer; absent: the whole tenant. */
  readonly customer?: string;
  /** The customer, by whoever knows them already; absent: looked up by the id. */
  readonly person?: Person;
}

/** What a customer is called, and what else of theirs is redacted where they are mentioned. */
export interface Person {
  /** Id and e-mail address, as they were given and as they are compared. */
  readonly names: readonly string[];
  readonly facts: readonly string[];
}

/** One thing that was done or found. Never holds a value of the person's. */
export interface Line {
  /** `shop.orders_orders`, `media`. */
  readonly what: string;
  readonly action: 'exported' | 'deleted' | 'redacted' | 'left';
  readonly count: number;
}

export interface ExportSink {
  /** Adds a file to the archive; the name has no folder that leads out of it. */
  add(name: string, body: Buffer): Promise<void>;
}

export interface Holder {
  /** As in receipts: `postgresql`. */
  readonly name: string;
  export(subject: Subject, sink: ExportSink): Promise<readonly Line[]>;
  /**
   * Everything or nothing, and fine when there is nothing.
   * @param remember called with what goes, before it is gone: who is killed in between has it on the receipt all the same
   */
  erase(subject: Subject, remember: (lines: readonly Line[]) => Promise<void>): Promise<void>;
  /** Looks whether anything is left, by itself and not by what `erase` said. Empty: nothing is. */
  verify(subject: Subject): Promise<readonly Line[]>;
}
