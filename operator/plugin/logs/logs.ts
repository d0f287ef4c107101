/**
 * `shopmind logs TENANT [DOMAIN]`: the lines of every Pod that serves the tenant, in the order of time; with `-f` as they come.
 */
import { LABELS, SYSTEM_NAMESPACE } from '../../../crds/index.ts';
import { shopServices, type TenantObject } from '../../controllers/kinds.ts';
import type { Client } from '../../kube/client.ts';
import { isAborted, isNotFound, KubeError } from '../../kube/errors.ts';
import { pathOf } from '../../kube/paths.ts';
import { pods, type Pod } from '../../kube/resources.ts';
import { namespaceOf } from '../../resources/presets.ts';
import type { Cli } from '../cli.ts';
import { pause, watchUntil, type Selection } from '../cluster/watch.ts';
import type { Call, Flags } from '../command.ts';
import { withCluster } from '../connection.ts';
import { EXIT, Failure, Interrupted } from '../failure.ts';
import { findTenant, nearest } from '../tenant/find.ts';
import { hosts } from '../tenant/observe.ts';
import type { Paint } from '../terminal/style.ts';
import { parseSpan } from '../terminal/time.ts';
import { isAbout, parseLine, renderLine, type LogLine } from './line.ts';

/** Parts of the platform that speak of every tenant. */
const PLATFORM = ['operator', 'gateway', 'storefront'];
/** A follower that hears nothing for so long opens a new connection: the old one may be half-open. */
const SILENCE_MS = 600_000;
const DEFAULT_TAIL = 1000;

/** Pods to listen to, and whether they speak of others too. */
interface Source {
  readonly selection: Selection;
  readonly shared: boolean;
}

interface Listening {
  readonly tenant: TenantObject;
  readonly sources: readonly Source[];
  readonly options: LogOptions;
}

interface LogOptions {
  readonly follow: boolean;
  readonly sinceSeconds: number | undefined;
  readonly tail: number | undefined;
  readonly all: boolean;
  readonly previous: boolean;
  readonly raw: boolean;
  readonly stacks: boolean;
}

export async function logs({ cli, args: [name = '', domain], flags }: Call): Promise<number> {
  const options = optionsOf(flags);
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const sources = await sourcesOf(client, tenant, domain);
    const listening = { tenant, sources, options };
    if (options.follow) return follow(cli, client, listening);
    return readOnce(cli, client, listening);
  });
}

function optionsOf(flags: Flags): LogOptions {
  const since = flags.text('since');
  const tail = flags.text('tail');
  if (tail !== undefined && !/^\d+$/.test(tail))
    throw new Failure(`--tail ${tail} is no number of lines`, {
      exitCode: EXIT.usage,
      remedy: 'Write it as 100.',
    });
  return {
    follow: flags.on('follow'),
    sinceSeconds: since === undefined ? undefined : Math.ceil(parseSpan(since, '--since') / 1000),
    tail: tail === undefined ? (since === undefined ? DEFAULT_TAIL : undefined) : Number(tail),
    all: flags.on('all'),
    previous: flags.on('previous'),
    raw: flags.on('raw'),
    stacks: flags.on('stacks'),
  };
}

async function sourcesOf(
  client: Client,
  tenant: TenantObject,
  domain: string | undefined,
): Promise<readonly Source[]> {
  if (domain !== undefined && PLATFORM.includes(domain))
    return [
      { selection: { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABELS.name}=${domain}` }, shared: true },
    ];
  const namespace = namespaceOf(tenant.metadata.name, tenant.spec.placement);
  const services = (await client.listAll(shopServices, { namespace })).items.filter((one) =>
    hosts(one, tenant),
  );
  const chosen = services.filter(
    ({ metadata, spec }) =>
      domain === undefined ||
      metadata.name === domain ||
      spec.domains?.some((one) => one === domain) === true,
  );
  if (domain !== undefined && chosen.length === 0) {
    const known = [
      ...new Set([
        ...services.flatMap(({ metadata, spec }) => [metadata.name, ...(spec.domains ?? [])]),
        ...PLATFORM,
      ]),
    ];
    const near = nearest(domain, known);
    throw new Failure(`nothing of "${tenant.metadata.name}" hosts "${domain}"`, {
      exitCode: EXIT.badInput,
      remedy: near === undefined ? `There are: ${known.join(', ')}` : `Did you mean "${near}"?`,
    });
  }
  return chosen.map(({ metadata, spec }) => ({
    selection: {
      namespace,
      // A canary's Pods carry a name of their own.
      labelSelector: `${LABELS.service} in (${metadata.name},${metadata.name}-canary)`,
    },
    shared: spec.tenant === undefined,
  }));
}

// ── once ─────────────────────────────────────────────────────────────────────────────────────────

async function readOnce(cli: Cli, client: Client, { tenant, sources, options }: Listening): Promise<number> {
  const printer = createPrinter(cli, tenant, options);
  let read = 0;
  const lines: Parameters<typeof printer.print>[] = [];
  for (const { selection, shared } of sources) {
    for (const pod of (await client.listAll(pods, selection)).items) {
      for (const container of containersOf(pod)) {
        read += 1;
        const text = await textOf(client, pod, container, options);
        for (const line of text.split('\n').filter((one) => one !== ''))
          lines.push([parseLine(line), pod, container, shared]);
      }
    }
  }
  for (const line of lines.toSorted(([a], [b]) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)))
    printer.print(...line);
  if (read === 0)
    cli.note(`no Pod of ${tenant.metadata.name} runs; see: ${cli.self} status ${tenant.metadata.name}`);
  printer.close();
  return 0;
}

async function textOf(client: Client, pod: Pod, container: string, options: LogOptions): Promise<string> {
  try {
    return await client.raw('GET', logPath(pod, container, options, false));
  } catch (error) {
    // A container that has not started, or never ran before, has said nothing.
    if (error instanceof KubeError && error.code === 400) return '';
    throw error;
  }
}

// ── as it is said ────────────────────────────────────────────────────────────────────────────────

async function follow(cli: Cli, client: Client, { tenant, sources, options }: Listening): Promise<never> {
  const signal = cli.interrupted();
  const printer = createPrinter(cli, tenant, options);
  const heard = new Map<string, Promise<void>>();
  const listen = (pod: Pod, shared: boolean): void => {
    for (const container of containersOf(pod)) {
      const id = `${pod.metadata.uid} ${container}`;
      if (heard.has(id) || !hasStarted(pod, container)) continue;
      // Who comes later is heard from the beginning.
      const first =
        heard.size === 0 || options.sinceSeconds !== undefined ? options : { ...options, tail: undefined };
      heard.set(
        id,
        listenTo(client, pod, container, first, signal, (line) =>
          printer.print(line, pod, container, shared),
        ).finally(
          // A container that starts again in the same Pod is heard again.
          () => heard.delete(id),
        ),
      );
    }
  };
  try {
    await Promise.all(
      sources.map(({ selection, shared }) =>
        watchUntil<Pod>(client, pods, signal, selection, (found) => {
          for (const pod of found) listen(pod, shared);
          return false;
        }),
      ),
    );
  } catch (error) {
    if (!isAborted(error)) throw error;
  } finally {
    await Promise.allSettled(heard.values());
    printer.close();
  }
  throw new Interrupted();
}

/** Ends when the container does. */
async function listenTo(
  client: Client,
  pod: Pod,
  container: string,
  options: LogOptions,
  signal: AbortSignal,
  onLine: (line: LogLine) => void,
): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const path = logPath(pod, container, options, true, last);
      await client.lines(path, { signal, inactivityMs: SILENCE_MS }, (text) => {
        const line = parseLine(text);
        // After a new connection the server begins with the second it was asked for: what was heard is not said twice.
        if (last !== undefined && line.time <= last) return;
        last = line.time;
        onLine(line);
      });
      return;
    } catch (error) {
      if (isAborted(error) || isNotFound(error) || (error instanceof KubeError && error.code === 400)) return;
      await pause(1_000, signal);
    }
  }
}

// ── what both do ─────────────────────────────────────────────────────────────────────────────────

interface Printer {
  print(line: LogLine, pod: Pod, container: string, shared: boolean): void;
  close(): void;
}

function createPrinter(cli: Cli, tenant: TenantObject, options: LogOptions): Printer {
  const { style } = cli;
  const { name } = tenant.metadata;
  const namespace = namespaceOf(name, tenant.spec.placement);
  const paints: readonly Paint[] = [style.cyan, style.magenta, style.blue, style.green, style.yellow];
  const colours = new Map<string, Paint>();
  let left = 0;
  return {
    print(line, pod, container, shared) {
      if (shared && !options.all && !isAbout(line, name, namespace, SYSTEM_NAMESPACE)) {
        left += 1;
        return;
      }
      if (options.raw) return cli.print(line.text);
      const speaker = containersOf(pod).length > 1 ? `${pod.metadata.name}/${container}` : pod.metadata.name;
      const paint = colours.get(speaker) ?? paints[colours.size % paints.length] ?? style.cyan;
      colours.set(speaker, paint);
      return cli.print(`${paint(`[${speaker}]`)} ${renderLine(line, style, options.stacks)}`);
    },
    close() {
      if (left > 0)
        cli.note(
          cli.notes.dim(
            `${left} lines of shared Pods are not about ${name} and were left out; --all shows them`,
          ),
        );
    },
  };
}

function containersOf({ spec }: Pod): readonly string[] {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name }) => name);
}

function hasStarted({ status }: Pod, container: string): boolean {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return statuses.find(({ name }) => name === container)?.state?.running !== undefined;
}

function logPath(
  pod: Pod,
  container: string,
  options: LogOptions,
  following: boolean,
  since?: string,
): string {
  return pathOf(pods, pod.metadata, 'log', {
    container,
    timestamps: 'true',
    follow: following ? 'true' : undefined,
    previous: options.previous ? 'true' : undefined,
    sinceTime: since,
    sinceSeconds:
      since === undefined && options.sinceSeconds !== undefined ? String(options.sinceSeconds) : undefined,
    tailLines: since === undefined && options.tail !== undefined ? String(options.tail) : undefined,
  });
}
