/**
 * An S3 bucket as a system of the data plane: it is there, keeps what was overwritten or deleted for a while, and forgets what was never
 * finished. Rights within it are its owner's to give: runtimes enter by the login that BLOBS_ADMIN_URL, or a role of the Pod, gives.
 */
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { openBucket } from '../../../runtime/platform/objects/index.ts';
import type { Bucket } from '../../../runtime/platform/objects/index.ts';
import { SystemError } from '../system.ts';
import type { System } from '../system.ts';

/** What a bucket is observed to be. */
export interface BucketState {
  readonly exists: boolean;
  readonly versioned: boolean;
  readonly rules: readonly LifecycleRule[];
}

export interface BucketAction {
  readonly text: string;
  readonly kind: 'create' | 'version' | 'lifecycle';
}

/** What was overwritten or deleted comes back within this many days. */
const FORMER_DAYS = 30;
const UNFINISHED_DAYS = 1;

/** The rule that is ours; others' rules stay as they are. */
export function ruleFor(prefix: string): LifecycleRule {
  return {
    ID: `shopmind${prefix === '' ? '' : `-${prefix.replace(/\/$/, '')}`}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    NoncurrentVersionExpiration: { NoncurrentDays: FORMER_DAYS },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_DAYS },
  };
}

/** Pure: what brings a bucket from what it is to what it shall be. */
export function planBucket(
  { name, prefix }: Pick<Bucket, 'name' | 'prefix'>,
  observed: BucketState,
): readonly BucketAction[] {
  const wanted = ruleFor(prefix);
  const mine = observed.rules.find(({ ID }) => ID === wanted.ID);
  return [
    ...(observed.exists ? [] : [{ kind: 'create', text: `CREATE BUCKET ${name}` } as const]),
    ...(observed.versioned ? [] : [{ kind: 'version', text: `KEEP FORMER VERSIONS IN ${name}` } as const]),
    ...(mine !== undefined && isSameRule(mine, wanted)
      ? []
      : [
          {
            kind: 'lifecycle',
            text: `DROP FORMER VERSIONS IN ${name}/${prefix} AFTER ${FORMER_DAYS} DAYS, UNFINISHED UPLOADS AFTER ${UNFINISHED_DAYS}`,
          } as const,
        ]),
  ];
}

/** @param adminAddress `s3://key:secret@bucket/prefix?region=…&endpoint=…` */
export function createBucketSystem(
  adminAddress: string,
  { mayAct = () => undefined }: { readonly mayAct?: () => void } = {},
): System {
  const bucket = openBucket(adminAddress);
  const plan = (): Promise<readonly BucketAction[]> =>
    explained(`LOOK AT BUCKET ${bucket.name}`, async () => planBucket(bucket, await observe(bucket)));
  const nothing = (): Promise<readonly string[]> => Promise.resolve([]);
  return {
    name: 's3',
    plan: async () => (await plan()).map(({ text }) => text),
    async ensure() {
      const actions = await plan();
      for (const action of actions) {
        mayAct();
        await explained(action.text, () => apply(bucket, action.kind));
      }
      return actions.map(({ text }) => text);
    },
    // A tenant's objects begin with its name; they come with it, and the blob store removes them.
    ensureTenant: nothing,
    removeTenant: nothing,
    remove: nothing,
    close: nothing,
    address: () => adminAddress,
    ping: async () => {
      await explained('PING', () => bucket.client.send(new HeadBucketCommand({ Bucket: bucket.name })));
    },
    end: async () => bucket.close(),
  };
}

async function observe({ client, name }: Bucket): Promise<BucketState> {
  const Bucket = name;
  const exists = await client.send(new HeadBucketCommand({ Bucket })).then(
    () => true,
    (error: unknown) => unless(error, ['NotFound', 'NoSuchBucket'], false),
  );
  if (!exists) return { exists, versioned: false, rules: [] };
  const [versioning, lifecycle] = await Promise.all([
    client.send(new GetBucketVersioningCommand({ Bucket })),
    client
      .send(new GetBucketLifecycleConfigurationCommand({ Bucket }))
      .catch((error: unknown) => unless(error, ['NoSuchLifecycleConfiguration'], { Rules: [] })),
  ]);
  return { exists, versioned: versioning.Status === 'Enabled', rules: lifecycle.Rules ?? [] };
}

async function apply(bucket: Bucket, kind: BucketAction['kind']): Promise<void> {
  const { client, name, prefix } = bucket;
  const Bucket = name;
  if (kind === 'create') {
    await client
      .send(new CreateBucketCommand({ Bucket }))
      // Another operator was faster.
      .catch((error: unknown) => unless(error, ['BucketAlreadyOwnedByYou'], undefined));
  } else if (kind === 'version') {
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
  } else {
    const wanted = ruleFor(prefix);
    const { rules } = await observe(bucket);
    const Rules = [...rules.filter(({ ID }) => ID !== wanted.ID), wanted];
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
    );
  }
}

/** What a server adds by itself makes no difference; nor that MinIO, which drops unfinished uploads anyway, forgets that part. */
function isSameRule(found: LifecycleRule, wanted: LifecycleRule): boolean {
  const unfinished = found.AbortIncompleteMultipartUpload;
  return (
    found.Status === wanted.Status &&
    found.NoncurrentVersionExpiration?.NoncurrentDays === FORMER_DAYS &&
    (unfinished === undefined || unfinished.DaysAfterInitiation === UNFINISHED_DAYS) &&
    (found.Filter?.Prefix ?? '') === (wanted.Filter?.Prefix ?? '')
  );
}

function unless<T>(error: unknown, names: readonly string[], otherwise: T): T {
  if (error instanceof S3ServiceException && names.includes(error.name)) return otherwise;
  throw error;
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
    const refused = status !== undefined && status >= 400 && status < 500 && status !== 429;
    throw new SystemError('s3', action, {
      transient: !refused,
      remedy: refused
        ? 'give the login of BLOBS_ADMIN_URL the right to make and configure the bucket'
        : 'see whether the object store that BLOBS_URL names is up and can be reached',
      cause,
    });
  }
}
