/**
 * The object store as a system of the data plane: one bucket for all scopes, with versions, a lifecycle and, where the server has it, CORS.
 * Logins are not made here: S3 itself has none, and what makes them differs from store to store, so that all scopes enter with the keys in
 * the platform's Secret, and what is a tenant's lies below the tenant's name.
 */
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { openBucket, parseBucketAddress } from '../../../runtime/platform/objects/index.ts';
import type { PlannedScope, System } from '../system.ts';
import { SystemError } from '../system.ts';
import { planBucket } from './plan.ts';
import type { BucketAction, ObservedBucket } from './plan.ts';

export interface ObjectsOptions {
  /** Days that an object which was replaced or deleted can still be brought back. Default 30. */
  readonly keepVersionsDays?: number;
  /** Days that the snapshot of a deleted tenant is kept. Default: until somebody deletes it. */
  readonly keepSnapshotsDays?: number;
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
}

/** @param adminAddress `s3://key:secret@bucket/prefix?region=…&endpoint=…` */
export function createObjects(adminAddress: string, options: ObjectsOptions = {}): System {
  const { keepVersionsDays = 30, keepSnapshotsDays, mayAct = () => undefined } = options;
  const bucket = openBucket(adminAddress);
  const { client, name } = bucket;
  const target = { Bucket: name };

  async function observe(): Promise<ObservedBucket> {
    const head = await client
      .send(new HeadBucketCommand(target))
      .catch(answered(['NotFound', 'NoSuchBucket']));
    const minio = await isMinio(parseBucketAddress(adminAddress).endpoint);
    const none: ObservedBucket = {
      exists: false,
      versions: false,
      lifecycle: [],
      cors: minio ? undefined : [],
      endsUploads: minio,
    };
    if (head === undefined) return none;
    const [versioning, lifecycle, cors] = await Promise.all([
      client.send(new GetBucketVersioningCommand(target)),
      client
        .send(new GetBucketLifecycleConfigurationCommand(target))
        .catch(answered(['NoSuchLifecycleConfiguration'])),
      minio
        ? undefined
        : client.send(new GetBucketCorsCommand(target)).catch(answered(['NoSuchCORSConfiguration'])),
    ]);
    return {
      ...none,
      exists: true,
      versions: versioning.Status === 'Enabled',
      lifecycle: lifecycle?.Rules ?? [],
      ...(minio ? {} : { cors: cors?.CORSRules ?? [] }),
    };
  }

  async function actionsFor({ domains }: PlannedScope): Promise<readonly BucketAction[]> {
    const observed = await explained(`READ BUCKET ${name}`, observe);
    const wanted = {
      prefix: bucket.prefix,
      keepVersionsDays,
      ...(keepSnapshotsDays === undefined ? {} : { keepSnapshotsDays }),
      isRead: domains.some(({ buckets }) => buckets.some((one) => one.public)),
    };
    return planBucket(name, wanted, observed);
  }

  async function perform(action: BucketAction): Promise<unknown> {
    switch (action.kind) {
      case 'create':
        return client.send(new CreateBucketCommand(target)).catch(answered(['BucketAlreadyOwnedByYou']));
      case 'versions':
        return client.send(
          new PutBucketVersioningCommand({ ...target, VersioningConfiguration: { Status: 'Enabled' } }),
        );
      case 'lifecycle':
        return client.send(
          new PutBucketLifecycleConfigurationCommand({
            ...target,
            // The client's type wants a status, which every rule that a server tells has.
            LifecycleConfiguration: {
              Rules: action.rules.map((rule) => ({ Status: 'Enabled', ...rule })) as never,
            },
          }),
        );
      case 'cors':
        return client.send(
          new PutBucketCorsCommand({ ...target, CORSConfiguration: { CORSRules: [...action.rules] } }),
        );
    }
  }

  const nothing = (): Promise<readonly string[]> => Promise.resolve([]);

  return {
    name: 's3',
    plan: async (scope) => (await actionsFor(scope)).map(({ text }) => text),
    async ensure(scope) {
      const done: string[] = [];
      for (const action of await actionsFor(scope)) {
        mayAct();
        await explained(action.text, () => perform(action));
        done.push(action.text);
      }
      return done;
    },
    // What a tenant has lies below its name, wherever it is placed: it stays when the tenant moves, and the blob store removes it with the tenant.
    ensureTenant: nothing,
    removeTenant: nothing,
    remove: nothing,
    close: nothing,
    address: () => adminAddress,
    ping: () => explained('HEAD BUCKET', async () => void (await client.send(new HeadBucketCommand(target)))),
    async end() {
      bucket.close();
    },
  };
}

/** It says that a bucket has no CORS yet, and refuses to be given any: only its name tells. */
async function isMinio(endpoint: string | undefined): Promise<boolean> {
  if (endpoint === undefined) return false;
  const answer = await fetch(endpoint, {
    method: 'HEAD',
    redirect: 'manual',
    signal: AbortSignal.timeout(5_000),
  });
  return answer.headers.get('server')?.startsWith('MinIO') ?? false;
}

/** These errors are answers. */
function answered(names: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof Error && names.includes(error.name)) return undefined;
    throw error;
  };
}

async function explained<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const refused = cause instanceof S3ServiceException && cause.$fault === 'client';
    throw new SystemError('s3', action, {
      transient: !refused,
      cause,
      remedy: refused
        ? 'give the keys of BLOBS_ADMIN_URL the right to create and configure that bucket, or make it by hand as the plan says'
        : 'see that the endpoint of BLOBS_URL can be reached; it is tried again',
    });
  }
}
