/**
 * Two shops beside each other: one is lived in until nearly everything that can be asked has been answered there as wished, and the other
 * one then asks the same. To a shop, an id of its neighbour's has to be what an id is that nobody has.
 */
import { randomBytes } from 'node:crypto';
import { actorFor, learn } from './campaign.ts';
import type { Actor } from './actors.ts';
import type { Memory } from './memory.ts';
import { operationsOf, type Operation } from './operations.ts';
import { createJudge } from './oracles.ts';
import { randomFrom, type Random } from './random.ts';
import { RECIPES } from './recipes.ts';
import { keyFrom, makeRequest, toSent, type FuzzRequest } from './requests.ts';
import type { FuzzedShop } from './shop.ts';
import { createWire, type Answer, type NoAnswer, type Sent, type Wire } from './wire.ts';

/** What one shop has been asked, and what it has said. */
export interface Lived {
  /** Of each operation that was answered 2xx, the last request that was. */
  readonly good: ReadonlyMap<string, FuzzRequest>;
  /** Every id that an answer has named. */
  readonly ids: ReadonlySet<string>;
}

export interface Neighbours {
  readonly operations: readonly Operation[];
  /** What is wrong with what the neighbour was answered: nothing, if all is well. */
  askAsNeighbour(operation: Operation): Promise<readonly string[]>;
  /** What of the shop that was lived in this text tells, beyond what it was asked with. */
  strayIn(told: string, asked: string): readonly string[];
  /**
   * As the neighbour says it, who may have found the ids somewhere, and the words nowhere. Ids that it says may come back later, unless it
   * only looks.
   */
  spoken(text: string, looks: boolean): string;
  readonly lived: Lived;
  close(): void;
}

export interface NeighboursOptions {
  readonly shop: FuzzedShop;
  /** Whose shop is lived in, and who looks over. */
  readonly owner: string;
  readonly neighbour: string;
  readonly seed: number;
}

/** How often an operation is tried that was never answered as wished. */
const ROUNDS = 4;
const TRIES = 6;
const ID = /\b[a-z]{2,5}_[0-9a-f]{32}\b/g;
/** Called by what is in them: the same picture has the same id in each shop that has it. */
const BY_CONTENT = /^(?:med|pic)_/;

/** Resolves when the owner's shop has been lived in. */
export async function startNeighbours(options: NeighboursOptions): Promise<Neighbours> {
  const { shop, owner, neighbour, seed } = options;
  const operations = operationsOf(shop.document);
  const wire = createWire(shop.port, 120_000, 1);
  const random = randomFrom(seed);
  const judge = createJudge();
  const lived = await live({ shop, wire, random, operations, owner });
  /** What the neighbour has said itself when it changed something: that may come back. */
  const given = new Set<string>();

  function strayIn(told: string, asked: string): readonly string[] {
    const ids = new Set(told.match(ID));
    return [
      ...[...ids].filter(
        (id) => lived.ids.has(id) && !asked.includes(id) && !given.has(id) && !BY_CONTENT.test(id),
      ),
      ...shop.markersFor(neighbour).filter((marker) => told.includes(marker) && !asked.includes(marker)),
    ];
  }

  function spoken(text: string, looks: boolean): string {
    if (!looks) for (const id of text.match(ID) ?? []) given.add(id);
    return shop
      .markersFor(neighbour)
      .reduce((said, marker) => said.replaceAll(marker, 'quince-of-nobody'), text);
  }

  const ask = async (request: FuzzRequest): Promise<Exchange> => {
    const sent = toSent(request);
    return { request, sent, answer: await wire.send(sent) };
  };

  const faultsOf = ({ request, sent, answer }: Exchange): readonly string[] => {
    const who = `${request.actor.name}: ${sent.method} ${sent.target}`;
    if ('failure' in answer) return [`${who} got no answer: ${answer.failure}`];
    const asked = textOf(sent);
    const told = `${JSON.stringify(answer.headers)}${answer.body.toString('utf8')}`;
    return [
      ...strayIn(told, asked).map((word) => `${who} was told ${word}`),
      ...judge
        .judge(request, sent, answer, shop.markersFor(neighbour))
        .map(({ kind, what }) => `${who}: ${kind}, ${what}`),
    ];
  };

  /** With the owner's ids, and with ids that nobody has: what differs is said. */
  async function differs(request: FuzzRequest, actor: Actor): Promise<string | undefined> {
    const theirs = [...new Set(textOf(toSent(request)).match(ID))].filter((id) => lived.ids.has(id));
    if (theirs.length === 0) return undefined;
    const names = new Map(theirs.map((id) => [id, madeUp(id)]));
    const nobodys = worded(request, (text) => text.replaceAll(ID, (id) => names.get(id) ?? id));
    const pairs: string[] = [];
    // Either may change what the other meets: what is so in both orders is so.
    for (const order of [
      [request, nobodys],
      [nobodys, request],
    ]) {
      const outcomes = new Map<FuzzRequest, string>();
      for (const one of order) outcomes.set(one, outcomeOf((await ask(again(one, actor, random))).answer));
      pairs.push(`${outcomes.get(request)} for the neighbour’s ids, ${outcomes.get(nobodys)} for nobody’s`);
      if (outcomes.get(request) === outcomes.get(nobodys)) return undefined;
    }
    return pairs[0] === pairs[1] ? `${actor.name}: ${request.operation.id} answers ${pairs[0]}` : undefined;
  }

  return {
    operations,
    lived,
    strayIn,
    spoken,
    close: () => wire.close(),
    async askAsNeighbour(operation) {
      const known = lived.good.get(operation.id);
      const actor = known?.actor ?? actorFor(operation, ofTenant(shop, owner), random);
      const request = worded(
        known ?? makeRequest(operation, actor, 'valid', shop.memoryOf(owner), RECIPES[operation.id], random),
        (text) => spoken(text, operation.method === 'GET'),
      );
      const faults: string[] = [];
      let like = namesake(shop, actor, neighbour);
      // Whatever keeps answers for a while has the owner's at hand then.
      if (operation.method === 'GET') await ask({ ...(known ?? request), actor });
      // The owner's key of idempotency, too: what is kept under it is the owner's.
      let first = await ask({ ...request, actor: like });
      if (isSignedOut(like, first)) {
        // By what was asked before: of whom nobody knows who it is, nothing is shown.
        await shop.renew(like);
        like = namesake(shop, actor, neighbour);
        first = await ask({ ...request, actor: like });
      }
      faults.push(...faultsOf(first));
      const difference = await differs(request, like);
      if (difference !== undefined) faults.push(difference);
      for (const visitor of [elsewhere(shop, actor), nobodyAt(shop, neighbour)])
        faults.push(...faultsOf(await ask(again(request, visitor, random))));
      return faults;
    },
  };
}

interface Exchange {
  readonly request: FuzzRequest;
  readonly sent: Sent;
  readonly answer: Answer | NoAnswer;
}

interface Living {
  readonly shop: FuzzedShop;
  readonly wire: Wire;
  readonly random: Random;
  readonly operations: readonly Operation[];
  readonly owner: string;
}

async function live({ shop, wire, random, operations, owner }: Living): Promise<Lived> {
  const good = new Map<string, FuzzRequest>();
  const ids = new Set<string>();
  const memory: Memory = shop.memoryOf(owner);
  /** What is deleted is no longer there to be found by others. */
  const lasting = operations.filter(({ method }) => method !== 'DELETE');
  const attempt = async (operation: Operation): Promise<boolean> => {
    const actor = actorFor(operation, ofTenant(shop, owner), random);
    const request = makeRequest(operation, actor, 'valid', memory, RECIPES[operation.id], random);
    const answer = await wire.send(toSent(request));
    if ('failure' in answer) return false;
    if (answer.status === 401 && operation.audience !== undefined) await shop.renew(actor);
    if (answer.status >= 300) return false;
    learn(memory, request, answer);
    for (const id of answer.body.toString('utf8').match(ID) ?? []) ids.add(id);
    good.set(operation.id, request);
    return true;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    await shop.tend();
    for (const operation of lasting) {
      if (round > 0 && good.has(operation.id) && operation.method !== 'POST') continue;
      for (let tries = 0; tries < TRIES; tries += 1) if (await attempt(operation)) break;
    }
  }
  return { good, ids };
}

function ofTenant(shop: FuzzedShop, tenant: string): Actor[] {
  return shop.actors().filter((actor) => actor.tenant === tenant && actor.kind !== 'stranger');
}

function actorWhere(shop: FuzzedShop, fits: (actor: Actor) => boolean): Actor {
  const found = shop.actors().find(fits);
  if (found === undefined) throw new Error('Nobody is so.');
  return found;
}

function isSignedOut({ kind }: Actor, { request, answer }: Exchange): boolean {
  const isSomebody = kind === 'customer' || kind === 'owner' || kind === 'viewer';
  return (
    isSomebody && request.operation.audience !== undefined && 'status' in answer && answer.status === 401
  );
}

/** Who is at the neighbour's what this one is at home. */
function namesake(shop: FuzzedShop, { kind }: Actor, tenant: string): Actor {
  return actorWhere(shop, (other) => other.tenant === tenant && other.kind === kind);
}

/** This one, with the credentials of home, at the neighbour's. */
function elsewhere(shop: FuzzedShop, { name, tenant }: Actor): Actor {
  return (
    shop.actors().find((other) => other.name === `${name} elsewhere`) ??
    actorWhere(shop, (other) => other.name === `${tenant}'s merchant elsewhere`)
  );
}

function nobodyAt(shop: FuzzedShop, tenant: string): Actor {
  return actorWhere(shop, (actor) => actor.tenant === tenant && actor.kind === 'nobody');
}

/** The same, asked as somebody else and for the first time. */
function again(request: FuzzRequest, actor: Actor, random: Random): FuzzRequest {
  const headers = 'idempotency-key' in request.headers ? { 'idempotency-key': keyFrom(random) } : {};
  return { ...request, actor, headers: { ...request.headers, ...headers } };
}

/** The same request in other words. */
function worded(request: FuzzRequest, say: (text: string) => string): FuzzRequest {
  const reword = <T>(value: T): T => JSON.parse(say(JSON.stringify(value))) as T; // words are put for words
  const { path, query, json, bytes } = request;
  return {
    ...request,
    path: reword(path),
    query: reword(query),
    ...(json === undefined ? {} : { json: reword(json) }),
    ...(bytes === undefined ? {} : { bytes: Buffer.from(say(bytes.toString('latin1')), 'latin1') }),
  };
}

/** Of the same kind, from the same time, and nobody's. */
function madeUp(id: string): string {
  return `${id.slice(0, -16)}${randomBytes(8).toString('hex')}`;
}

function textOf({ target, headers, body }: Sent): string {
  return `${decodeURIComponent(target.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'))}${target}${JSON.stringify(headers)}${body?.toString('utf8') ?? ''}`;
}

/** Status and code; whoever asks too often learns nothing of what was asked for. */
function outcomeOf(answer: Answer | NoAnswer): string {
  if ('failure' in answer) return answer.failure;
  return `${answer.status} ${/"code":"(\w+)"/.exec(answer.body.toString('utf8'))?.[1] ?? ''}`.trim();
}
