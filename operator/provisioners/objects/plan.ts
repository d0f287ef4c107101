/** What the bucket of the object store has to be like, and what it lacks. Pure. */
import { isDeepStrictEqual } from 'node:util';

/** A rule of a bucket's lifecycle, as the API has it; ours are known by their ids. */
export interface LifecycleRule {
  readonly ID?: string | undefined;
  readonly Status?: 'Enabled' | 'Disabled' | undefined;
  readonly Filter?: { readonly Prefix?: string | undefined } | undefined;
  readonly Expiration?:
    | { readonly Days?: number | undefined; readonly ExpiredObjectDeleteMarker?: boolean | undefined }
    | undefined;
  readonly NoncurrentVersionExpiration?: { readonly NoncurrentDays?: number | undefined } | undefined;
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation?: number | undefined } | undefined;
}

export interface CorsRule {
  readonly ID?: string | undefined;
  readonly AllowedMethods: string[] | undefined;
  readonly AllowedOrigins: string[] | undefined;
  readonly AllowedHeaders?: string[] | undefined;
  readonly ExposeHeaders?: string[] | undefined;
  readonly MaxAgeSeconds?: number | undefined;
}

export interface Wanted {
  /** Begins every key: empty, or ends in a slash. */
  readonly prefix: string;
  /** Days that an object which was replaced or deleted can still be brought back. */
  readonly keepVersionsDays: number;
  /** Days that the snapshot of a deleted tenant is kept; absent: until somebody deletes it. */
  readonly keepSnapshotsDays?: number;
  /** Whether browsers of any page may read objects by signed addresses. */
  readonly isRead: boolean;
}

export interface ObservedBucket {
  readonly exists: boolean;
  readonly versions: boolean;
  readonly lifecycle: readonly LifecycleRule[];
  /** Undefined: the server has no such thing for a bucket (MinIO allows every origin, or what it is started with). */
  readonly cors: readonly CorsRule[] | undefined;
  /** The server ends unfinished uploads by itself, and keeps no rule that says so (MinIO). */
  readonly endsUploads: boolean;
}

export type BucketAction =
  | { readonly kind: 'create'; readonly text: string }
  | { readonly kind: 'versions'; readonly text: string }
  | { readonly kind: 'lifecycle'; readonly text: string; readonly rules: readonly LifecycleRule[] }
  | { readonly kind: 'cors'; readonly text: string; readonly rules: readonly CorsRule[] };

const OURS = 'shopmind-';

/** Rules of others stay as they are. */
export function planBucket(
  bucket: string,
  wanted: Wanted,
  observed: ObservedBucket,
): readonly BucketAction[] {
  const actions: BucketAction[] = [];
  if (!observed.exists) actions.push({ kind: 'create', text: `CREATE BUCKET ${bucket}` });
  if (!observed.versions) actions.push({ kind: 'versions', text: `KEEP VERSIONS IN BUCKET ${bucket}` });
  const rules = lifecycleOf(wanted, observed);
  const present = observed.lifecycle.filter(isOurs);
  if (!isDeepStrictEqual(sorted(present), sorted(rules)))
    actions.push({
      kind: 'lifecycle',
      text: `SET LIFECYCLE OF BUCKET ${bucket} (${rules.map(({ ID }) => ID?.slice(OURS.length)).join(', ')})`,
      rules: [...observed.lifecycle.filter((rule) => !isOurs(rule)), ...rules],
    });
  if (observed.cors !== undefined) {
    const cors = wanted.isRead ? [READING] : [];
    if (!isDeepStrictEqual(sorted(observed.cors.filter(isOurs)), sorted(cors)))
      actions.push({
        kind: 'cors',
        text: `SET CORS OF BUCKET ${bucket}`,
        rules: [...observed.cors.filter((rule) => !isOurs(rule)), ...cors],
      });
  }
  return actions;
}

const READING: CorsRule = {
  ID: `${OURS}reading`,
  AllowedMethods: ['GET', 'HEAD'],
  AllowedOrigins: ['*'],
  AllowedHeaders: ['*'],
  ExposeHeaders: ['ETag', 'Content-Range'],
  MaxAgeSeconds: 3600,
};

function lifecycleOf(
  { prefix, keepVersionsDays, keepSnapshotsDays }: Wanted,
  { endsUploads }: ObservedBucket,
): readonly LifecycleRule[] {
  return [
    {
      ID: `${OURS}versions`,
      Status: 'Enabled',
      Filter: { Prefix: prefix },
      // A mark that something was deleted, with nothing left behind it.
      Expiration: { ExpiredObjectDeleteMarker: true },
      NoncurrentVersionExpiration: { NoncurrentDays: keepVersionsDays },
      // What a process that died had begun to write.
      ...(endsUploads ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }),
    },
    // Backups are pruned by number, and are as large as what they keep: their versions need not stay.
    {
      ID: `${OURS}backups`,
      Status: 'Enabled',
      Filter: { Prefix: `${prefix}_backups/` },
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    },
    ...(keepSnapshotsDays === undefined
      ? []
      : [
          {
            ID: `${OURS}snapshots`,
            Status: 'Enabled' as const,
            Filter: { Prefix: `${prefix}_snapshots/` },
            Expiration: { Days: keepSnapshotsDays },
          },
        ]),
  ];
}

function isOurs({ ID = '' }: { readonly ID?: string | undefined }): boolean {
  return ID.startsWith(OURS);
}

/** By id, without members that say nothing, as JSON has it. */
function sorted(rules: readonly { readonly ID?: string | undefined }[]): unknown {
  return JSON.parse(JSON.stringify(rules.toSorted((a, b) => (a.ID ?? '').localeCompare(b.ID ?? ''))));
}
