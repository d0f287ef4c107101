/**
 * How many files somebody may bring into the shop's rooms. A guest's name costs nothing: what guests bring is counted by where they come
 * from too, and for the shop as a whole.
 */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import { MERCHANT } from './people.ts';
import { isGuest } from './store.ts';

/** What may lie in the rooms of one guest. */
export const MOST_OF_A_GUEST = { files: 20, bytes: 50 * 1024 * 1024 } as const;
/** Files in an hour, of at most 5 MiB each: of one customer, of the guests of one network, and of all guests of the shop. */
export const MOST_IN_AN_HOUR = { customer: 120, network: 60, guests: 1_000 } as const;

/**
 * Counts one file that is about to come.
 * @param network that the caller is in; undefined where no gateway said so
 * @throws ShopError `rate_limited` beyond what the person or the network may bring in an hour
 */
export async function countFile(
  limits: Platform['limits'],
  tenant: TenantId,
  person: string,
  network: string | undefined,
): Promise<void> {
  for (const [name, most] of countedBy(person, network)) {
    const retryAfterSeconds = await limits.take(tenant, `chat-files/${name}`, most, 'hour');
    if (retryAfterSeconds > 0)
      throw new ShopError('rate_limited', 'There were many files within an hour.', {
        remedy: 'Wait a while before the next one.',
        retryAfterSeconds,
      });
  }
}

function countedBy(
  person: string,
  network: string | undefined,
): readonly (readonly [name: string, most: number])[] {
  if (person === MERCHANT) return [];
  if (!isGuest(person)) return [[`of/${person}`, MOST_IN_AN_HOUR.customer]];
  return [
    [`from/${network ?? person}`, MOST_IN_AN_HOUR.network],
    ['guests', MOST_IN_AN_HOUR.guests],
  ];
}

/**
 * Whether a guest may bring one file more. In a transaction: until its end nobody else brings one in their name.
 * @throws ShopError `forbidden` for what is beyond their number or size
 */
export async function checkRoomForFile(
  tx: SqlRunner,
  tenant: TenantId,
  person: string,
  bytes: number,
): Promise<void> {
  if (!isGuest(person)) return;
  await tx.query(
    'select 1 from chat_members where tenant_id = $1 and person = $2 order by room_id for update',
    [tenant, person],
  );
  const { rows } = await tx.query<{ files: number; bytes: number }>(
    `select count(*)::int as files, coalesce(sum(a.size), 0)::float8 as bytes from chat_members m
     join chat_attachments a on a.tenant_id = m.tenant_id and a.room_id = m.room_id and a.sender = m.person
     where m.tenant_id = $1 and m.person = $2`,
    [tenant, person],
  );
  const had = rows[0] ?? { files: 0, bytes: 0 };
  if (had.files < MOST_OF_A_GUEST.files && had.bytes + bytes <= MOST_OF_A_GUEST.bytes) return;
  throw new ShopError('forbidden', 'A guest has no room for more files.', { remedy: 'Log in to send more.' });
}
