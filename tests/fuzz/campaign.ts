/**
 * Sends requests to every operation until time is up, and keeps what is wrong with the answers. Operations that were never answered as
 * wished come first: nothing behind them is reached before.
 */
import { isOwn, type Actor } from './actors.ts';
import { tour } from './guide.ts';
import { createGrpcProbe, type GrpcProbe } from './grpc.ts';
import type { Memory } from './memory.ts';
import { createJudge, type Finding } from './oracles.ts';
import { operationsOf, type Operation } from './operations.ts';
import { randomFrom, type Random } from './random.ts';
import { RECIPES } from './recipes.ts';
import { makeRequest, toSent, type FuzzRequest, type Intent } from './requests.ts';
import type { FuzzedShop } from './shop.ts';
import { shrink } from './shrink.ts';
import { isObject } from './values.ts';
import { asCurl, createWire, type Answer, type NoAnswer, type Sent, type Wire } from './wire.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly milliseconds: number;
  /** Ends it sooner. */
  readonly requests?: number;
  readonly workers: number;
  /** Only operations whose id begins so. */
  readonly only?: string;
  /** Answers that take longer are none. */
  readonly answerMs: number;
  /** What the runtime may hold at the end, bytes. */
  readonly memoryBytes: number;
  /** Called about once a second. */
  readonly progress?: (requests: number, findings: number) => void;
}

export interface Tally {
  /** The hundreds of what it answers when all is well: 2, or 3 where a browser is led on. */
  readonly success: number;
  requests: number;
  /** By hundreds: `2` to `5`; 0: none. */
  readonly classes: Map<number, number>;
  slowest: number;
  /** Why requests that were as described were refused, and how often. */
  readonly refusals: Map<string, number>;
}

export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly requests: number;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly findings: readonly Found[];
  /** Bytes, before the first request and at the end. */
  readonly memory: readonly [number, number];
}

export interface Found extends Finding {
  readonly operation: string;
  readonly times: number;
  /** How to see it again, in the smallest form found. */
  readonly curl: string;
  readonly answer: string;
  /** What the server wrote about it. */
  readonly log: string | undefined;
}

/** Requests between two visits of somebody who puts the shop in order. */
const TENDED_EVERY = 400;

/** Requests between two of the stories that only several people can tell. */
const TOURED_EVERY = 4_000;

/** One in so many turns asks over gRPC. */
const GRPC_SHARE = 0.05;

export async function fuzz(shop: FuzzedShop, options: CampaignOptions): Promise<Report> {
  const began = performance.now();
  const { seed, milliseconds, workers, requests: most = Number.POSITIVE_INFINITY } = options;
  const operations = operationsOf(shop.document).filter(({ id }) => id.startsWith(options.only ?? ''));
  const tallies = new Map<string, Tally>(operations.map((operation) => [operation.id, tallyFor(operation)]));
  const wire = createWire(shop.port, options.answerMs, workers);
  const grpc = shop.grpcPort === undefined ? undefined : createGrpcProbe(shop.grpcPort, options.answerMs);
  const context: Context = { shop, wire, grpc, operations, tallies, judge: createJudge(), found: new Map() };
  const before = await shop.memory();
  const progress = setInterval(() => options.progress?.(sent(tallies), context.found.size), 1_000);
  let isCrashed = false;
  let done = 0;
  const isOver = (): boolean => isCrashed || performance.now() - began > milliseconds || done >= most;
  const work = async (worker: number): Promise<void> => {
    const random = randomFrom(seed * 1_000 + worker);
    while (!isOver()) {
      // Its own number: while somebody tends the shop, others go on counting.
      const turned = (done += 1);
      if (turned % TENDED_EVERY === 1) await shop.tend();
      if (turned % TOURED_EVERY === 1) await tours(context, random);
      if (random.chance(GRPC_SHARE)) await grpcTurn(context, random);
      else await turn(context, random);
      for (const complaint of shop.complaints()) {
        keep(context, complaint, undefined);
        isCrashed ||= complaint.kind === 'crashed';
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
    await endOf(context, isCrashed, options);
  } finally {
    clearInterval(progress);
    wire.close();
    grpc?.close();
  }
  return {
    seed,
    seconds: (performance.now() - began) / 1_000,
    requests: sent(tallies),
    tallies,
    findings: [...context.found.values()],
    memory: [before, isCrashed ? 0 : await shop.memory()],
  };
}

interface Context {
  readonly shop: FuzzedShop;
  readonly wire: Wire;
  readonly grpc: GrpcProbe | undefined;
  readonly operations: readonly Operation[];
  readonly tallies: Map<string, Tally>;
  readonly judge: ReturnType<typeof createJudge>;
  readonly found: Map<string, Found>;
}

function sent(tallies: ReadonlyMap<string, Tally>): number {
  return [...tallies.values()].reduce((sum, { requests }) => sum + requests, 0);
}

function tallyFor({ answers }: Operation): Tally {
  const success = Math.floor(Math.min(...answers.keys()) / 100);
  return { success, requests: 0, classes: new Map(), slowest: 0, refusals: new Map() };
}

/** How often it was answered as it is when all is well. */
export function successesOf(tally: Tally | undefined): number {
  return tally?.classes.get(tally.success) ?? 0;
}

function tallyOf({ tallies }: Context, { id }: Operation): Tally {
  const tally = tallies.get(id);
  if (tally === undefined) throw new Error(`${id} is no operation of this campaign`);
  return tally;
}

/** In each shop; what a campaign of few operations lacks for them is left out with them. */
async function tours(context: Context, random: Random): Promise<void> {
  for (const tenant of new Set(context.shop.actors().map((actor) => actor.tenant)))
    await tour({
      ...context,
      tenant,
      random,
      async ask(request) {
        const { sent: bytes, answer, findings } = await exchange(context, request);
        for (const finding of findings) await report(context, request, bytes, answer, finding);
        if ('failure' in answer) return answer;
        if (answer.status >= 400) noteRefusal(tallyOf(context, request.operation), answer);
        else learn(context.shop.memoryOf(tenant), request, answer);
        return answer;
      },
    });
}

async function turn(context: Context, random: Random): Promise<void> {
  const { shop } = context;
  const operation = nextOperation(context, random);
  const actor = actorFor(operation, shop.actors(), random);
  const intent: Intent = random.chance(0.5) ? 'valid' : random.chance(0.5) ? 'broken' : 'hostile';
  // A stranger comes with what is known where they come from, as often as with what is known here.
  const memory = shop.memoryOf(
    actor.kind === 'stranger' && random.chance(0.5) ? otherThan(shop, actor) : actor.tenant,
  );
  const make = (from: Memory): FuzzRequest =>
    makeRequest(operation, actor, intent, from, RECIPES[operation.id], random);
  const first = make(memory);
  // What we tell one shop of another would be found there with good reason.
  const request = tellsOf(first, shop.markersFor(actor.tenant)) ? make(shop.memoryOf(actor.tenant)) : first;
  const { sent: bytes, answer, findings } = await exchange(context, request);
  for (const finding of findings) await report(context, request, bytes, answer, finding);
  if ('failure' in answer) return;
  if (intent === 'valid' && answer.status >= 400) noteRefusal(tallyOf(context, operation), answer);
  if (answer.status === 401 && isSpoiled(actor, operation, request)) await shop.renew(actor);
  if (answer.status >= 300 || request.mangle !== undefined) return;
  learn(shop.memoryOf(request.actor.tenant), request, answer);
  if (operation.idempotent && random.chance(0.3)) await repeat(context, request, bytes, answer);
  if (operation.method === 'DELETE') await lookAgain(context, request);
  if (operation.method === 'GET' && random.chance(0.2)) await lookFromElsewhere(context, request);
}

function tellsOf(request: FuzzRequest, markers: readonly string[]): boolean {
  const { target, body } = toSent(request);
  const text = `${target}${body?.toString('utf8') ?? ''}`;
  return markers.some((marker) => text.includes(marker));
}

async function grpcTurn(context: Context, random: Random): Promise<void> {
  if (context.grpc === undefined) return;
  const { call, findings } = await context.grpc.probe(random.pick(context.shop.actors()), random);
  for (const finding of findings)
    keep(
      context,
      finding,
      `${call.method} ${JSON.stringify(call.headers)} ${call.body.toString('hex').slice(0, 2_000)}`,
    );
}

function noteRefusal({ refusals }: Tally, { status, body }: Answer): void {
  const detail = /"detail":"((?:[^"\\]|\\.){0,100})/.exec(body.toString('utf8'))?.[1] ?? '';
  const why = `${status} ${detail.replaceAll(/[a-z]{2,5}_[0-9a-f]{32}/g, '…')}`;
  refusals.set(why, (refusals.get(why) ?? 0) + 1);
}

function otherThan(shop: FuzzedShop, actor: Actor): string {
  return shop.actors().find(({ tenant }) => tenant !== actor.tenant)?.tenant ?? actor.tenant;
}

function nextOperation({ operations, tallies }: Context, random: Random): Operation {
  const successes = (id: string): number => successesOf(tallies.get(id));
  if (random.chance(0.5)) return random.pick(operations);
  const [one, other, third] = [random.pick(operations), random.pick(operations), random.pick(operations)];
  return [one, other, third].reduce((rarest, next) =>
    successes(next.id) < successes(rarest.id) ? next : rarest,
  );
}

/** Mostly somebody who may. */
export function actorFor({ audience, id, path }: Operation, actors: readonly Actor[], random: Random): Actor {
  const kinds: readonly Actor['kind'][] =
    audience === 'merchant'
      ? isOwn(path)
        ? ['owner', 'viewer']
        : ['merchant', 'merchant', 'owner', 'key']
      : audience === 'customer'
        ? ['customer']
        : id.startsWith('chat.')
          ? ['customer', 'guest']
          : ['nobody', 'customer'];
  const kind = random.pick(kinds);
  const fitting = actors.filter((actor) => actor.kind === kind);
  return random.pick(fitting.length > 0 && random.chance(0.75) ? fitting : actors);
}

interface Exchange {
  readonly sent: Sent;
  readonly answer: Answer | NoAnswer;
  readonly findings: readonly Finding[];
}

async function exchange(context: Context, request: FuzzRequest): Promise<Exchange> {
  const { shop, wire, judge } = context;
  const bytes = toSent(request);
  const answer = await wire.send(bytes);
  const tally = tallyOf(context, request.operation);
  const group = 'failure' in answer ? 0 : Math.floor(answer.status / 100);
  tally.requests += 1;
  tally.classes.set(group, (tally.classes.get(group) ?? 0) + 1);
  tally.slowest = Math.max(tally.slowest, answer.milliseconds);
  // A host name that was put in asks another shop, whose words are then its own.
  const host = bytes.headers.find(([name]) => name === 'x-forwarded-host' || name === 'host');
  const markers =
    host?.[1] === request.actor.host && !hasForwardedHost(bytes) ? shop.markersFor(request.actor.tenant) : [];
  return { sent: bytes, answer, findings: judge.judge(request, bytes, answer, markers) };
}

function hasForwardedHost({ headers }: Sent): boolean {
  return headers.some(([name]) => name === 'x-forwarded-host');
}

/** A session that was ended, a key that was revoked: by the fuzzing itself. */
function isSpoiled({ kind }: Actor, { audience }: Operation, { mangle }: FuzzRequest): boolean {
  if (mangle !== undefined) return false;
  return (
    (audience === 'customer' && kind === 'customer') ||
    (audience === 'merchant' && ['key', 'reader', 'owner', 'viewer'].includes(kind))
  );
}

/** What was answered is known from then on. */
export function learn(memory: Memory, { operation, path }: FuzzRequest, { headers, body }: Answer): void {
  if (!String(headers['content-type'] ?? '').startsWith('application/json')) return;
  // Judged already; what is no JSON has been told.
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    memory.learn(pathOfAnswer(operation.path, path, answer), answer);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
}

/** What adds a line to a cart answers the cart: an `id` that was asked for is known by the name it was asked by. */
function pathOfAnswer(template: string, asked: FuzzRequest['path'], answer: unknown): string {
  const id = isObject(answer) ? answer['id'] : undefined;
  const [name] = Object.entries(asked).find(([, value]) => value === id) ?? [];
  return name === undefined ? template : template.slice(0, template.indexOf(`{${name}}`));
}

/** A request with the same key is the same request: it is answered the same. */
async function repeat(context: Context, request: FuzzRequest, bytes: Sent, first: Answer): Promise<void> {
  const second = await context.wire.send(bytes);
  if ('failure' in second) return;
  if (second.status === first.status && second.body.equals(first.body)) return;
  const finding: Finding = { kind: 'repetition differs', what: `${first.status} and then ${second.status}` };
  await report(context, request, bytes, second, finding);
}

/** What stays after it was deleted, and why. */
const STAYS: ReadonlySet<string> = new Set([
  // What is asked is whether somebody is to be forgotten: the answer is no again.
  'accounts.withdrawErasure',
  // The shop's own words are taken away, and ours are there again.
  'notifications.deleteTemplate',
]);

async function lookAgain(context: Context, deleted: FuzzRequest): Promise<void> {
  const { operation } = deleted;
  if (STAYS.has(operation.id)) return;
  const reading = context.operations.find(
    ({ method, path, audience }) =>
      method === 'GET' && path === operation.path && audience === operation.audience,
  );
  if (reading === undefined) return;
  const request: FuzzRequest = {
    operation: reading,
    actor: deleted.actor,
    intent: 'valid',
    path: deleted.path,
    query: {},
    headers: {},
  };
  const { sent: bytes, answer } = await exchange(context, request);
  if ('failure' in answer || answer.status >= 400) return;
  await report(context, request, bytes, answer, {
    kind: 'deleted and still there',
    what: String(answer.status),
  });
}

/** Whoever has an id of ours and good credentials of their own gets nothing for it. */
async function lookFromElsewhere(context: Context, request: FuzzRequest): Promise<void> {
  const { operation, actor } = request;
  const isOurs = Object.values(request.path).some((value) => /^[a-z]{2,5}_[0-9a-f]{32}$/.test(String(value)));
  if (!isOurs || actor.kind === 'stranger') return;
  const thief = context.shop
    .actors()
    .find(({ kind, tenant }) => kind === actor.kind && tenant !== actor.tenant);
  if (thief === undefined) return;
  const stolen = { ...request, actor: thief };
  const { sent: bytes, answer } = await exchange(context, stolen);
  if ('failure' in answer || answer.status >= 300) return;
  if (SAYS_NOTHING.has(operation.id)) return;
  await report(context, stolen, bytes, answer, {
    kind: 'other tenant told',
    what: `${answer.status} for an id of another shop`,
  });
}

/** Where an id of another shop's may be answered, and why. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  // Answers about nobody look the same as about somebody who has nothing.
  'marketing.getCustomerPoints',
  // Pictures are called by what is in them: the same one has the same id in each shop that has it.
  'media.getPicture',
  'media.getAsset',
  'media.getOriginal',
]);

async function report(
  context: Context,
  request: FuzzRequest,
  bytes: Sent,
  answer: Answer | NoAnswer,
  finding: Finding,
): Promise<void> {
  const key = keyOf(finding, request.operation);
  const known = context.found.get(key);
  if (known !== undefined) {
    context.found.set(key, { ...known, times: known.times + 1 });
    return;
  }
  // Taken at once, so that no other worker shrinks the same.
  const first = foundOf(context, request, bytes, answer, finding);
  context.found.set(key, first);
  let last: Exchange = { sent: bytes, answer, findings: [finding] };
  await shrink(request, async (candidate) => {
    const tried = await exchange(context, candidate);
    const shows = tried.findings.some((other) => keyOf(other, request.operation) === key);
    if (shows) last = tried;
    return shows;
  });
  const times = context.found.get(key)?.times ?? 1;
  context.found.set(key, { ...foundOf(context, request, last.sent, last.answer, finding), times });
}

function keyOf({ kind, what }: Finding, { id }: Operation): string {
  return `${id}: ${kind}: ${what}`;
}

function foundOf(
  { shop }: Context,
  { operation }: FuzzRequest,
  bytes: Sent,
  answer: Answer | NoAnswer,
  finding: Finding,
): Found {
  const text =
    'failure' in answer ? answer.failure : `${answer.status} ${answer.body.toString('utf8').slice(0, 400)}`;
  const requestId = 'failure' in answer ? undefined : answer.headers['x-request-id'];
  return {
    ...finding,
    operation: operation.id,
    times: 1,
    curl: asCurl(shop.port, bytes),
    answer: text,
    log: typeof requestId === 'string' ? shop.logged(requestId) : undefined,
  };
}

/** What is told by nobody's answer. */
function keep({ found }: Context, finding: Finding, log: string | undefined): void {
  const key = `${finding.kind}: ${finding.what}`;
  const times = (found.get(key)?.times ?? 0) + 1;
  found.set(key, { ...finding, operation: '–', times, curl: '', answer: '', log });
}

async function endOf(context: Context, isCrashed: boolean, { memoryBytes }: CampaignOptions): Promise<void> {
  if (isCrashed) return;
  for (const finding of await context.shop.settled()) keep(context, finding, undefined);
  for (const finding of context.shop.complaints()) keep(context, finding, undefined);
  const bytes = await context.shop.memory();
  if (bytes > memoryBytes)
    keep(
      context,
      { kind: 'grown', what: `${Math.round(bytes / 1e6)} MB of ${Math.round(memoryBytes / 1e6)}` },
      undefined,
    );
}
