/** A shop's settings of messages, and the key that signs the links in them. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import { CATEGORIES, type Category } from './kinds.ts';
import { settings as schema, type Settings } from './schemas.ts';

export interface StoredSettings {
  readonly settings: Settings;
  readonly key: Buffer;
}

/** Made at first sight: chance is the key. */
export async function settingsOf(sql: SqlRunner, tenant: TenantId): Promise<StoredSettings> {
  const select = 'select settings, key from notifications_settings where tenant_id = $1';
  for (let tries = 0; tries < 2; tries += 1) {
    const { rows } = await sql.query<{ settings: unknown; key: Buffer }>(select, [tenant]);
    const [row] = rows;
    if (row !== undefined) return settingsIn(row);
    await sql.query(
      `insert into notifications_settings (tenant_id, settings, key) values ($1, '{}', $2) on conflict (tenant_id) do nothing`,
      [tenant, randomBytes(32)],
    );
  }
  throw new Error('the settings that were just made cannot be read');
}

/** @param row as it is stored */
export function settingsIn({ settings, key }: { settings: unknown; key: Buffer }): StoredSettings {
  return { settings: schema.parse(settings), key };
}

export async function writeSettings(sql: SqlRunner, tenant: TenantId, settings: Settings): Promise<void> {
  await settingsOf(sql, tenant);
  await sql.query('update notifications_settings set settings = $2 where tenant_id = $1', [
    tenant,
    JSON.stringify(settings),
  ]);
}

/** For the link of a message: says whose preferences it opens and which category it ends, and no address. */
export function signToken(key: Buffer, contactId: string, category: Category): string {
  return `${contactId}.${category}.${macOf(key, contactId, category).toString('base64url')}`;
}

/** The storefront's page for it. @param origin of the shop; empty: on the same host */
export function preferencesLink(origin: string, token: string): string {
  return `${origin}/preferences?token=${token}`;
}

/** @returns undefined for whatever was not signed with this key */
export function readToken(key: Buffer, token: string): { contactId: string; category: Category } | undefined {
  const [contactId = '', name = '', mac = ''] = token.split('.');
  const category = CATEGORIES.find((one) => one === name);
  const given = Buffer.from(mac, 'base64url');
  if (category === undefined) return undefined;
  const expected = macOf(key, contactId, category);
  return given.length === expected.length && timingSafeEqual(given, expected)
    ? { contactId, category }
    : undefined;
}

/** 128 bits of it. */
function macOf(key: Buffer, contactId: string, category: Category): Buffer {
  return createHmac('sha256', key).update(`unsubscribe/${contactId}/${category}`).digest().subarray(0, 16);
}
