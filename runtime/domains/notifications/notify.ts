/**
 * Notifications are written down where they are caused, in the same transaction, once for each cause and contact; a task sends them.
 * What happened is told exactly once into the log, however often it is heard of, and from there at least once to the provider.
 */
import { ShopError } from '../../platform/errors.ts';
import type { Clock, NewId, SqlRunner, TenantId, Transaction } from '../../platform/ports.ts';
import { modeOf, type Contact, type Contacts } from './contacts.ts';
import { KINDS, type KindName } from './kinds.ts';

export const DELIVER = 'notifications.deliver';
export const DIGEST = 'notifications.digest';
export const TIDY = 'notifications.tidy';
const DAY_MS = 24 * 60 * 60 * 1_000;

export interface NewNotification {
  /** What it is about: the same source and kind are told once to each contact. */
  readonly source: string;
  readonly kind: KindName;
  readonly contacts: readonly Contact[];
  readonly variables: unknown;
  /** When digests of this shop go out next. */
  readonly digestAt: Date;
}

export type Notifier = ReturnType<typeof createNotifier>;

export function createNotifier({
  clock,
  newId,
  contacts,
}: {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly contacts: Contacts;
}) {
  /**
   * Writes it down for each contact that it goes to, with the task that sends it.
   * @returns ids of the new deliveries; none of those that were there already
   * @throws ShopError `invalid_input` when the variables are not the kind's
   */
  async function notify(tx: Transaction, tenant: TenantId, what: NewNotification): Promise<string[]> {
    const kind = KINDS[what.kind];
    const parsed = kind.variables.safeParse(what.variables);
    if (!parsed.success)
      throw new ShopError('invalid_input', `These are no variables of ${what.kind}.`, {
        problems: parsed.error.issues.map(({ path, message }) => ({ where: path.join('/'), what: message })),
      });
    const made: string[] = [];
    for (const contact of what.contacts) {
      if (!kind.channels.includes(contact.channel)) continue;
      const mode = modeOf(contact, kind);
      if (mode === 'off') continue;
      const gathered = mode === 'daily' && contact.channel === 'mail';
      const id = newId('ntf');
      const { rowCount } = await tx.query(
        `insert into notifications_deliveries (tenant_id, id, source, kind, channel, contact_id, variables, state, attempts, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) on conflict (tenant_id, source, kind, contact_id) do nothing`,
        [
          tenant,
          id,
          what.source,
          what.kind,
          contact.channel,
          contact.id,
          JSON.stringify(parsed.data),
          gathered ? 'gathered' : 'waiting',
          clock.now(),
        ],
      );
      if (rowCount === 0) continue;
      made.push(id);
      await tx.enqueue(
        gathered
          ? { name: DIGEST, payload: { contactId: contact.id }, key: contact.id, runAt: what.digestAt }
          : { name: DELIVER, payload: { id }, key: id },
      );
    }
    if (made.length > 0)
      await tx.enqueue({
        name: TIDY,
        payload: {},
        key: 'tidy',
        runAt: new Date(clock.now().getTime() + DAY_MS),
      });
    return made;
  }

  /** The mailbox of somebody, and where else they may be reached as a customer. */
  async function reach(
    sql: SqlRunner,
    tenant: TenantId,
    who: {
      readonly email: string;
      readonly customerId?: string | undefined;
      readonly name?: string | undefined;
      readonly locale?: string | undefined;
    },
  ): Promise<readonly Contact[]> {
    const mailbox = await contacts.ensure(sql, tenant, { channel: 'mail', address: who.email, ...who });
    if (who.customerId === undefined) return [mailbox];
    const others = await contacts.ofCustomer(sql, tenant, who.customerId);
    return [mailbox, ...others.filter(({ channel, state }) => channel !== 'mail' && state === 'active')];
  }

  return { notify, reach };
}

/** When it is `hour` next in a time zone, to the minute. */
export function nextHour(now: Date, hour: number, zone: string): Date {
  const parts = Object.fromEntries(
    clockOf(zone)
      .formatToParts(now)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const minutes = (hour * 60 - ((parts['hour'] ?? 0) * 60 + (parts['minute'] ?? 0)) + 24 * 60) % (24 * 60);
  const wholeMinute = Math.floor(now.getTime() / 60_000) * 60_000;
  return new Date(wholeMinute + (minutes === 0 ? 24 * 60 : minutes) * 60_000);
}

/** Making one takes longer than all else of a notification. */
const clocks = new Map<string, Intl.DateTimeFormat>();
const MOST_CLOCKS = 500;

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  if (clocks.size >= MOST_CLOCKS) clocks.clear();
  clocks.set(zone, made);
  return made;
}
