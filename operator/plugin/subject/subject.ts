/**
 * `shopmind export`, `erase` and `receipt`: what belongs to a tenant or a customer is given out, or removed with proof.
 */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DOMAINS } from '../../../runtime/domains/index.ts';
import { backendsOf } from '../../../runtime/platform/backends/index.ts';
import { scopeOf } from '../../../runtime/platform/names/index.ts';
import { platform as platformTables } from '../../../runtime/platform/sql/definition.ts';
import type { TenantObject } from '../../controllers/kinds.ts';
import type { Database } from '../../provisioners/postgres/database.ts';
import { createSealer } from '../../provisioners/sealing.ts';
import { BusyError, createOperations } from '../../recovery/operations.ts';
import { openStore } from '../../recovery/store/store.ts';
import { eraseCustomer, StillThereError } from '../../recovery/subjects/erase.ts';
import { exportSubject } from '../../recovery/subjects/export.ts';
import { sayFarewell } from '../../recovery/subjects/farewell.ts';
import { createObjectHolder } from '../../recovery/subjects/objects.ts';
import { createPictureHolder } from '../../recovery/subjects/pictures.ts';
import { createSigner, verifyReceipt } from '../../recovery/subjects/receipt.ts';
import { createRowHolder, NoSuchCustomerError, type RowHolder } from '../../recovery/subjects/rows.ts';
import type { PlatformConfig } from '../../resources/platform.ts';
import { homeOf } from '../../resources/presets.ts';
import type { Call } from '../command.ts';
import type { Cli } from '../cli.ts';
import { withCluster } from '../connection.ts';
import { platformOf, withDatabase } from '../data/look.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';

/** A large tenant takes its time. */
const PATIENCE_MS = 3_600_000;
/** A shop that nobody runs at the moment sends no mail, and is waited for in vain. */
const FAREWELL_MS = 20_000;
/** For the shop's runtime to remove what the customer has brought. */
const PICTURES_MS = 60_000;

export async function exportData({ cli, args: [name = ''], flags }: Call): Promise<number> {
  const customer = flags.text('customer');
  const folder = resolve(flags.text('to') ?? '.');
  return withSubjects(cli, name, async ({ tenant, platform, database }) => {
    const at = new Date();
    const archive = `${name}${customer === undefined ? '' : `-${customer}`}-${at.toISOString().replaceAll(':', '-')}.tar.gz`;
    const target = await openStore(pathToFileURL(`${folder}/`).href);
    const source = await openStore(blobsOf(platform, tenant));
    try {
      const holders = [rowsOf(database), createObjectHolder(source)];
      const subject = { tenant: name, ...(customer === undefined ? {} : { customer }) };
      const { lines } = await exportSubject(subject, holders, target, archive, at);
      for (const { holder, what, count } of lines) cli.note(`${holder} ${what}: ${count}`);
      if (customer === undefined && isFolderElsewhere(platform, tenant))
        cli.note(
          'objects: BLOBS_URL is a folder of the Pods, not of this machine; they are not in the archive',
        );
      noteTheRest(cli, platform, tenant);
      cli.print(resolve(folder, archive));
      return 0;
    } finally {
      source.close();
      target.close();
    }
  });
}

export async function erase({ cli, args: [name = ''], flags }: Call): Promise<number> {
  const customer = flags.text('customer') ?? '';
  return withSubjects(cli, name, async ({ tenant, platform, database }) => {
    await confirm(
      cli,
      `Customer ${customer} of ${tenant.spec.displayName} is erased. This cannot be undone.`,
      flags.on('yes'),
    );
    const operations = createOperations(database);
    const operation = await operations.begin({ kind: 'erase', tenant: name, arguments: { customer } });
    const rows = rowsOf(database);
    const signed = await eraseCustomer(operation, customer, {
      database,
      holders: [rows, createPictureHolder(database, { withinMs: PICTURES_MS })],
      identify: (subject) => rows.identify(subject),
      farewell: (subject) => sayFarewell(database, subject, { withinMs: FAREWELL_MS }),
      sealer: createSealer(platform.secretsKey),
      signer: createSigner(platform.secretsKey),
      now: () => new Date(),
    });
    await operations.end(operation.id, 'Succeeded', `${signed.statement.removed.length} tables`);
    noteTheRest(cli, platform, tenant);
    cli.note('backups made before still have the customer until they are removed');
    cli.print(JSON.stringify(signed, undefined, 2));
    return 0;
  });
}

export async function receipt({ cli, args: [file = ''], flags }: Call): Promise<number> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Failure(`${file} cannot be read`, { exitCode: EXIT.badInput, cause });
  });
  const verdict = verifyReceipt(text, flags.text('key'));
  if (!verdict.ok) {
    cli.print(`not good: ${verdict.why}`);
    return EXIT.failure;
  }
  const { tenant, customer, erasedAt, removed } = verdict.statement;
  cli.print(`good: ${customer} of ${tenant} was erased at ${erasedAt}, signed by ${verdict.key}`);
  for (const { holder, what, action, count } of removed) cli.print(`  ${holder} ${what}: ${action} ${count}`);
  return 0;
}

interface Subjects {
  readonly tenant: TenantObject;
  readonly platform: PlatformConfig;
  readonly database: Database;
}

async function withSubjects(
  cli: Cli,
  name: string,
  work: (subjects: Subjects) => Promise<number>,
): Promise<number> {
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const platform = await platformOf(client);
    try {
      return await withDatabase(
        client,
        platform,
        (database) => work({ tenant, platform, database }),
        PATIENCE_MS,
      );
    } catch (error) {
      if (
        error instanceof NoSuchCustomerError ||
        error instanceof StillThereError ||
        error instanceof BusyError
      )
        throw new Failure(error.message, { exitCode: EXIT.failure, cause: error, remedy: error.remedy });
      throw error;
    }
  });
}

function rowsOf(database: Database): RowHolder {
  return createRowHolder(
    database,
    [platformTables, ...DOMAINS].flatMap(({ tables }) => tables),
  );
}

/** Scope of a tenant's systems: its own when it is dedicated. */
function scopeIn(tenant: TenantObject): string {
  return scopeOf(homeOf(tenant) === 'dedicated' ? tenant.metadata.name : undefined);
}

function blobsOf(platform: PlatformConfig, tenant: TenantObject): string {
  return backendsOf(platform.backends, scopeIn(tenant)).blobs?.adminAddress ?? platform.blobsUrl;
}

/** A folder that all share is that of the one machine everything runs on. */
function isFolderElsewhere(platform: PlatformConfig, tenant: TenantObject): boolean {
  return blobsOf(platform, tenant).startsWith('file:') && !platform.blobsShared;
}

/** What neither archive nor receipt speaks of must not seem to be nowhere. */
function noteTheRest(cli: Cli, platform: PlatformConfig, tenant: TenantObject): void {
  const {
    blobs: _blobs,
    cache: _cache,
    // Keys of the shop: of no person, and in no archive.
    secrets: _secrets,
    ...others
  } = backendsOf(platform.backends, scopeIn(tenant));
  const names = Object.keys(others);
  if (names.length > 0)
    cli.note(`${names.join(', ')}: kept in systems of their own, which were neither read nor changed`);
}
