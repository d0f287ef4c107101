/** Leads through the stories of `stories/`: each step is asked as one of the campaign's requests. */
import type { Actor } from './actors.ts';
import type { Operation } from './operations.ts';
import type { Random } from './random.ts';
import { keyFrom, type FuzzRequest } from './requests.ts';
import type { FuzzedShop } from './shop.ts';
import { STORIES } from './stories/index.ts';
import { orRefused, Refused, type Asked, type Guide, type Said } from './stories/telling.ts';
import { until } from '../support/wait.ts';
import type { Answer, NoAnswer } from './wire.ts';

export interface GuideOptions {
  readonly shop: FuzzedShop;
  readonly operations: readonly Operation[];
  readonly tenant: string;
  readonly random: Random;
  /** Asks, judges and remembers. */
  readonly ask: (request: FuzzRequest) => Promise<Answer | NoAnswer>;
}

/** Each story as far as it comes: what is refused on the way is told with its operation, and the next begins. */
export async function tour(options: GuideOptions): Promise<void> {
  const guide = guideOf(options);
  for (const story of STORIES)
    try {
      await story(guide);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
}

/** A shop that is being fuzzed may have forgotten how to register people, or send them no mail for a while. */
function asRefused(cause: unknown): never {
  throw new Refused(String(cause), { cause });
}

function guideOf({ shop, operations, tenant, random, ask }: GuideOptions): Guide {
  const actors = shop.actors().filter((actor) => actor.tenant === tenant);
  const somebody = (kind: Actor['kind']): Actor => {
    const found = actors.find((actor) => actor.kind === kind);
    if (found === undefined) throw new Error(`${tenant} has no ${kind}.`);
    return found;
  };

  /** @throws Refused unless the answer's status is of these hundreds */
  async function answered(
    id: string,
    { as, path = {}, query = {}, headers = {}, ...body }: Asked,
    hundreds: 2 | 3,
  ): Promise<Answer> {
    const operation = operations.find((one) => one.id === id);
    if (operation === undefined) throw new Refused(`${id} is not asked in this campaign.`);
    const actor = as ?? somebody(operation.audience === 'merchant' ? 'merchant' : 'nobody');
    const request: FuzzRequest = {
      operation,
      actor,
      intent: 'valid',
      path,
      query,
      headers: { ...(operation.idempotent ? { 'idempotency-key': keyFrom(random) } : {}), ...headers },
      ...(body.json === undefined ? {} : { contentType: 'application/json' }),
      ...body,
    };
    const answer = await ask(request);
    if ('failure' in answer) throw new Refused(`${id}: ${answer.failure}`);
    if (Math.floor(answer.status / 100) === hundreds) return answer;
    throw new Refused(`${id}: ${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`);
  }

  async function asked(id: string, what: Asked): Promise<Said> {
    const { headers, body } = await answered(id, what, 2);
    const isJson = String(headers['content-type'] ?? '').startsWith('application/json');
    return isJson ? JSON.parse(body.toString('utf8')) : undefined;
  }

  return {
    tenant,
    origin: shop.originOf(tenant),
    pay: shop.pay,
    ask: (id, what = {}) => asked(id, what),
    async until(id, what, wished) {
      try {
        return await until(
          async () => {
            const said = await asked(id, what).catch(orRefused);
            return said instanceof Refused || !wished(said) ? undefined : (said ?? true);
          },
          { withinMs: 30_000, everyMs: 300, what: `${id} says so` },
        );
      } catch (error) {
        return asRefused(error);
      }
    },
    async visit(id, what = {}) {
      const { headers } = await answered(id, what, 3);
      const [cookie = ''] = [headers['set-cookie'] ?? ''].flat();
      const to = new URL(String(headers['location'] ?? ''), shop.originOf(tenant));
      return { to, cookie: cookie.split(';')[0] ?? '' };
    },
    enter: (email, kind = 'customer') => shop.enter(tenant, email, kind).catch(asRefused),
    mailed: (email, pages) => shop.mailed(tenant, email, pages).catch(asRefused),
    known: (token) => ({ ...somebody('customer'), name: 'somebody', authorization: `Bearer ${token}` }),
    signed: (event) => shop.signedByPayPal(tenant, event),
    elsewhere: shop.elsewhere,
    fresh: (word) => `${word}${random.index(2 ** 31).toString(36)}`,
  };
}
