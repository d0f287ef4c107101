/**
 * The object store as a system of the data plane: one bucket for all scopes, with versions, a lifecycle and, where the server has it, CORS.
 * What is a tenant's lies below the tenant's name. S3 itself knows no logins, and what makes them differs from store to store: with
 * `logins=minio` in the address each scope gets one of its own, which reaches its own folders; else all enter with the platform's.
 * `replica=s3://…`, escaped, is a bucket of another MinIO that all of it is copied to.
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
import { parseAddress } from '../../../runtime/platform/address/index.ts';
import {
  formatBucketAddress,
  openBucket,
  parseBucketAddress,
} from '../../../runtime/platform/objects/index.ts';
import type { BucketAddress } from '../../../runtime/platform/objects/index.ts';
import type { PlannedScope, System } from '../system.ts';
import { SystemError } from '../system.ts';
import { planClosed, planLogins } from './logins.ts';
import type { LoginAction, ObservedLogins } from './logins.ts';
import { createMinioAdmin, MinioRefusedError } from './minio.ts';
import type { MinioAccess, MinioAdmin } from './minio.ts';
import { planBucket } from './plan.ts';
import type { BucketAction, ObservedBucket } from './plan.ts';
import { isReplicated, withReplica } from './replica.ts';

export interface ObjectsOptions {
  /** Days that an object which was replaced or deleted can still be brought back. Default 30. */
  readonly keepVersionsDays?: number;
  /** Days that the snapshot of a deleted tenant is kept. Default: until somebody deletes it. */
  readonly keepSnapshotsDays?: number;
  /** Throws when this process may not change anything any more; asked before every change. */
  readonly mayAct?: () => void;
}

/** @param adminAddress `s3://key:secret@bucket/prefix?region=…&endpoint=…[&logins=minio][&replica=…]` */
export function createObjects(adminAddress: string, options: ObjectsOptions = {}): System {
  const { keepVersionsDays = 30, keepSnapshotsDays, mayAct = () => undefined } = options;
  const bucket = openBucket(adminAddress);
  const { client, name } = bucket;
  const target = { Bucket: name };
  const parsed = parseBucketAddress(adminAddress);
  const extras = extrasOf(adminAddress, parsed);

  async function observe(): Promise<ObservedBucket> {
    const head = await client
      .send(new HeadBucketCommand(target))
      .catch(answered(['NotFound', 'NoSuchBucket']));
    const minio = await isMinio(parsed.endpoint);
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

  const logins = async (admin: MinioAdmin): Promise<ObservedLogins> => {
    const [users, policies] = await Promise.all([admin.users(), admin.policies()]);
    return { users, policies };
  };

  async function loginActionsFor(scope: PlannedScope): Promise<readonly LoginAction[]> {
    const { login } = scope;
    if (!extras.logins || extras.admin === undefined || login === undefined) return [];
    const { admin } = extras;
    const observed = await explained('READ LOGINS', () => logins(admin));
    return planLogins({ ...scope, login }, { bucket: name, prefix: bucket.prefix }, observed);
  }

  async function performAll(actions: readonly LoginAction[]): Promise<readonly string[]> {
    const { admin } = extras;
    if (admin === undefined) return [];
    for (const action of actions) {
      mayAct();
      await explained(action.text, () => performLogin(admin, action));
    }
    return actions.map(({ text }) => text);
  }

  async function closeScope(scope: string): Promise<readonly string[]> {
    const { admin } = extras;
    if (!extras.logins || admin === undefined) return [];
    const observed = await explained('READ LOGINS', () => logins(admin));
    return performAll(planClosed(scope, observed));
  }

  /** One step at a time, each as it is needed once those before it are done. */
  async function replicaStep(isThere = true): Promise<ReplicaStep | undefined> {
    const { admin, replica } = extras;
    if (admin === undefined || replica === undefined) return undefined;
    const texts = replicaTexts(name, replica);
    const there = openBucket(replica.address);
    const at = { Bucket: replica.bucket };
    try {
      const head = await there.client
        .send(new HeadBucketCommand(at))
        .catch(answered(['NotFound', 'NoSuchBucket']));
      if (head === undefined)
        return {
          text: texts.create,
          perform: () => withClient(replica, new CreateBucketCommand(at)),
        };
      const { Status } = await there.client.send(new GetBucketVersioningCommand(at));
      if (Status !== 'Enabled')
        return {
          text: texts.versions,
          perform: () =>
            withClient(
              replica,
              new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: 'Enabled' } }),
            ),
        };
    } finally {
      there.close();
    }
    const { host } = new URL(replica.endpoint);
    const targets = isThere ? await admin.targets(name) : [];
    const known = targets.find(
      ({ endpoint, targetbucket }) => endpoint === host && targetbucket === replica.bucket,
    );
    if (known === undefined)
      return {
        text: texts.name,
        perform: () => admin.addTarget(name, replica),
      };
    const rules = await admin.replication(name);
    if (isReplicated(rules, known.arn, bucket.prefix)) return undefined;
    return {
      text: texts.replicate,
      perform: () => admin.setReplication(name, withReplica(rules, known.arn, bucket.prefix)),
    };
  }

  async function ensureReplica(): Promise<readonly string[]> {
    const done: string[] = [];
    for (;;) {
      const step = await explained(`READ REPLICATION OF BUCKET ${name}`, replicaStep);
      // A step that shows no effect is not done for ever.
      if (step === undefined || done.includes(step.text)) return done;
      mayAct();
      await explained(step.text, step.perform);
      done.push(step.text);
    }
  }

  /** Each step needs all that come after it. */
  async function planReplica(): Promise<readonly string[]> {
    const { replica } = extras;
    if (replica === undefined) return [];
    const head = await client
      .send(new HeadBucketCommand(target))
      .catch(answered(['NotFound', 'NoSuchBucket']));
    const step = await replicaStep(head !== undefined);
    const steps = Object.values(replicaTexts(name, replica));
    return step === undefined ? [] : steps.slice(steps.indexOf(step.text));
  }

  const nothing = (): Promise<readonly string[]> => Promise.resolve([]);

  return {
    name: 's3',
    plan: async (scope) => [
      ...[...(await actionsFor(scope)), ...(await loginActionsFor(scope))].map(({ text }) => text),
      ...(await explained(`READ REPLICATION OF BUCKET ${name}`, planReplica)),
    ],
    async ensure(scope) {
      const done: string[] = [];
      for (const action of await actionsFor(scope)) {
        mayAct();
        await explained(action.text, () => perform(action));
        done.push(action.text);
      }
      done.push(...(await performAll(await loginActionsFor(scope))));
      return [...done, ...(await ensureReplica())];
    },
    // What a tenant has lies below its name, wherever it is placed: it stays when the tenant moves, and the blob store removes it with the tenant.
    ensureTenant: nothing,
    removeTenant: nothing,
    remove: closeScope,
    close: closeScope,
    address: ({ login }) => formatBucketAddress(extras.logins ? { ...parsed, login } : parsed),
    ping: () => explained('HEAD BUCKET', async () => void (await client.send(new HeadBucketCommand(target)))),
    async end() {
      bucket.close();
    },
  };
}

interface ReplicaStep {
  readonly text: string;
  readonly perform: () => Promise<unknown>;
}

type Replica = MinioAccess & { readonly bucket: string; readonly address: string };

/** In the order in which they are done. */
function replicaTexts(name: string, { endpoint, bucket }: Replica) {
  const place = `${new URL(endpoint).host}/${bucket}`;
  return {
    create: `CREATE BUCKET ${place}`,
    versions: `KEEP VERSIONS IN BUCKET ${place}`,
    name: `NAME ${place} AS REPLICA OF BUCKET ${name}`,
    replicate: `REPLICATE BUCKET ${name} TO ${place}`,
  };
}

interface Extras {
  readonly logins: boolean;
  readonly replica: Replica | undefined;
  /** There where one of the two needs it. */
  readonly admin: MinioAdmin | undefined;
}

/** What the address says beyond where the bucket is; runtimes are told nothing of it. */
function extrasOf(adminAddress: string, bucket: BucketAddress): Extras {
  const { logins, replica } = parseAddress(adminAddress, 443).options;
  if (logins !== undefined && logins !== 'minio')
    throw misconfigured(`logins=${logins} is not known: minio is`);
  if (logins === undefined && replica === undefined)
    return { logins: false, replica: undefined, admin: undefined };
  return {
    logins: logins === 'minio',
    replica:
      replica === undefined ? undefined : { ...accessOf(parseBucketAddress(replica)), address: replica },
    admin: createMinioAdmin(accessOf(bucket)),
  };
}

function accessOf({ endpoint, region, login, bucket }: BucketAddress): MinioAccess & { bucket: string } {
  if (endpoint === undefined || login === undefined)
    throw misconfigured('logins and replicas need an address with endpoint and login, of a MinIO');
  return { endpoint, region, login, bucket };
}

function misconfigured(what: string): SystemError {
  return new SystemError('s3', 'READ ADDRESS', {
    transient: false,
    cause: new Error(what),
    remedy: 'mend BLOBS_ADMIN_URL in Secret platform',
  });
}

async function withClient(
  { address }: Replica,
  command: CreateBucketCommand | PutBucketVersioningCommand,
): Promise<void> {
  const bucket = openBucket(address);
  try {
    // The client's types want to know which of the two it is.
    if (command instanceof CreateBucketCommand)
      await bucket.client.send(command).catch(answered(['BucketAlreadyOwnedByYou']));
    else await bucket.client.send(command);
  } finally {
    bucket.close();
  }
}

function performLogin(admin: MinioAdmin, action: LoginAction): Promise<void> {
  switch (action.kind) {
    case 'policy':
      return admin.setPolicy(action.name, action.policy);
    case 'user':
      return admin.setUser(action.login.user, action.login.password);
    case 'attach':
      return admin.attachPolicy(action.name, action.user);
    case 'drop':
      return admin.removeUser(action.user);
    case 'drop policy':
      return admin.removePolicy(action.name);
  }
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
    const refused =
      cause instanceof MinioRefusedError
        ? cause.status < 500
        : cause instanceof S3ServiceException && cause.$fault === 'client';
    throw new SystemError('s3', action, {
      transient: !refused,
      cause,
      remedy: refused
        ? 'give the keys of BLOBS_ADMIN_URL the right to create and configure that bucket, or make it by hand as the plan says'
        : 'see that the endpoint of BLOBS_URL can be reached; it is tried again',
    });
  }
}
