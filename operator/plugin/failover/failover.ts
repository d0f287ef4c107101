/** `shopmind failover`: shows the plan, asks, and goes through the phases; or says how far one is. */
import type { Client } from '../../kube/client.ts';
import { configMaps } from '../../controllers/kinds.ts';
import { isAborted } from '../../kube/errors.ts';
import {
  AnotherServerError,
  AwayError,
  callOff,
  failover as run,
  planFailover,
  summaryOf,
} from '../../recovery/failover/failover.ts';
import { FailoverLostError, isBefore, STEPS, type Record } from '../../recovery/failover/journal.ts';
import { BOUNDS, RefusedError, type Bounds } from '../../recovery/failover/verdict.ts';
import { watchUntil } from '../cluster/watch.ts';
import type { Cli } from '../cli.ts';
import type { Call, Flags } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure, Interrupted } from '../failure.ts';
import { confirm } from '../terminal/confirm.ts';
import { parseSpan } from '../terminal/time.ts';
import { createJournal, JOURNAL, recordIn } from './journal.ts';
import { platformNow, regionsOf } from './regions.ts';
import { createSurroundings } from './surroundings.ts';

export async function failover({ cli, flags }: Call): Promise<number> {
  return withCluster(cli, async (client) => {
    if (flags.on('status')) return status(cli, client, flags.on('watch'));
    try {
      return flags.on('callOff') ? await giveUp(cli, client, flags) : await goOver(cli, client, flags);
    } catch (error) {
      throw explained(cli, error);
    }
  });
}

async function goOver(cli: Cli, client: Client, flags: Flags): Promise<number> {
  const to = flags.text('to');
  if (to === undefined)
    throw new Failure('where to?', {
      exitCode: EXIT.usage,
      remedy: 'Give --to REGION, --status, or --call-off.',
    });
  const bounds = boundsOf(flags);
  const last = await createJournal(client).read();
  const isOurs = last?.to === to && (last.state === 'Running' || (await platformNow(client)).name === to);
  const from = isOurs && last !== undefined ? last.from : (await platformNow(client)).name;
  if (from === to) throw new Failure(`the platform uses ${to} already`, { exitCode: EXIT.usage });
  const isNew = !isOurs || (last?.state === 'Running' && isBefore(last.step, 'Closed'));
  const around = createSurroundings(cli, client, {
    ...(await regionsOf(client, { from, to }, isNew)),
    timeoutMs: parseSpan(flags.text('timeout') ?? '15m', '--timeout'),
  });

  if (isNew) {
    const { lines, verdict } = await planFailover(around, to, bounds);
    for (const line of lines) cli.print(line);
    if (verdict.refusals.length > 0 && (flags.on('dryRun') || !isOurs))
      throw new RefusedError(
        verdict.refusals,
        `say that it shall go on all the same: ${verdict.flags.join(' ')}`,
      );
    if (flags.on('dryRun')) return 0;
    await confirm(cli, `The shops stop, and go on in ${to}.`, flags.on('yes'));
  } else if (flags.on('dryRun')) {
    cli.print(`it goes on after ${last?.step}`);
    return 0;
  }
  cli.print(summaryOf(await run(around, to, bounds)));
  return 0;
}

async function giveUp(cli: Cli, client: Client, flags: Flags): Promise<number> {
  const last = await createJournal(client).read();
  if (last === undefined)
    throw new RefusedError(['there never was a failover'], 'there is nothing to call off');
  const around = createSurroundings(cli, client, {
    ...(await regionsOf(client, last, false)),
    timeoutMs: 0,
  });
  await confirm(
    cli,
    `The failover to ${last.to} is given up, and ${last.from} opened again.`,
    flags.on('yes'),
  );
  await callOff(around);
  cli.print(`called off: the platform stays in ${last.from}`);
  return 0;
}

async function status(cli: Cli, client: Client, isFollowed: boolean): Promise<number> {
  const told = new Set<string>();
  const tell = (record: Record | undefined): boolean => {
    for (const line of record === undefined ? ['there never was a failover'] : progressOf(record)) {
      if (!told.has(line)) cli.print(line);
      told.add(line);
    }
    return record?.state !== 'Running';
  };
  if (!isFollowed) {
    tell(recordIn(await client.find(configMaps, JOURNAL)));
    return 0;
  }
  try {
    const { namespace, name } = JOURNAL;
    await watchUntil(
      client,
      configMaps,
      cli.interrupted(),
      { namespace, fieldSelector: `metadata.name=${name}` },
      ([found]) => tell(recordIn(found)),
    );
    return 0;
  } catch (error) {
    throw isAborted(error) ? new Interrupted() : error;
  }
}

/** A line for each step that is done, and one for how it is. */
export function progressOf(record: Record): readonly string[] {
  const { id, from, to, state, step, doneAt } = record;
  const steps = STEPS.flatMap((one) => (doneAt[one] === undefined ? [] : [`${doneAt[one]}  ${one}`]));
  const end =
    state === 'Succeeded'
      ? summaryOf(record)
      : state === 'CalledOff'
        ? `It was called off: the platform stayed in ${from}.`
        : `It is under way, after ${step}. Killed or stopped, it goes on by: failover --to ${to}`;
  return [`${id}: from ${from} to ${to}`, ...steps, end];
}

function boundsOf(flags: Flags): Bounds {
  const maxLag = flags.text('maxLag');
  return {
    ...BOUNDS,
    ...(maxLag === undefined ? {} : { maxLagMs: parseSpan(maxLag, '--max-lag') }),
    acceptLoss: flags.on('acceptLoss'),
    unfenced: flags.on('unfenced'),
  };
}

function explained(cli: Cli, error: unknown): unknown {
  if (error instanceof RefusedError)
    return new Failure('the failover is refused', {
      exitCode: EXIT.failure,
      details: error.reasons,
      remedy: error.remedy,
      cause: error,
    });
  if (error instanceof FailoverLostError || error instanceof AnotherServerError)
    return new Failure(error.message, { exitCode: EXIT.failure, remedy: error.remedy, cause: error });
  if (error instanceof AwayError)
    return new Failure(`a server does not answer: ${error.message}`, {
      exitCode: EXIT.unavailable,
      remedy: `Nothing is lost: repeat the command when it does, or where it can be reached from. See: ${cli.self} failover --status`,
      cause: error,
    });
  return error;
}
