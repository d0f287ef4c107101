/** How a shop's merchant wants reviews. */
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import type { ReviewSettings, ReviewSettingsUpdate } from './schemas.ts';

/** Of a shop that has never said anything. */
const USUAL: ReviewSettings = {
  version: 0,
  writers: 'buyers',
  publication: 'checked',
  heldWords: [],
  askAfterDays: null,
  mostPictures: 5,
};
const COLUMNS =
  'version, writers, publication, held_words as "heldWords", ask_after_days as "askAfterDays", most_pictures as "mostPictures"';

export async function readSettings(sql: SqlRunner, tenant: TenantId): Promise<ReviewSettings> {
  const { rows } = await sql.query<ReviewSettings>(
    `select ${COLUMNS} from catalog_review_settings where tenant_id = $1`,
    [tenant],
  );
  return rows[0] ?? USUAL;
}

/** @throws ShopError `conflict` when there are others than those of `version` */
export async function writeSettings(
  sql: SqlRunner,
  tenant: TenantId,
  { version, writers, publication, heldWords, askAfterDays, mostPictures }: ReviewSettingsUpdate,
): Promise<ReviewSettings> {
  const { rows } = await sql.query<ReviewSettings>(
    version === 0
      ? `insert into catalog_review_settings (tenant_id, version, writers, publication, held_words, ask_after_days, most_pictures)
         values ($1, $2::bigint + 1, $3, $4, $5, $6, $7)
         on conflict (tenant_id) do nothing returning ${COLUMNS}`
      : `update catalog_review_settings set version = version + 1, writers = $3, publication = $4, held_words = $5,
           ask_after_days = $6, most_pictures = $7
         where tenant_id = $1 and version = $2::bigint returning ${COLUMNS}`,
    [tenant, version, writers, publication, heldWords, askAfterDays, mostPictures],
  );
  const [row] = rows;
  if (row === undefined)
    throw new ShopError('conflict', 'Someone else changed the settings meanwhile.', {
      remedy: 'Read them again, and repeat your change.',
    });
  return row;
}
