/**
 * No N+1, as a law of the whole schema: every relation that some list leads to, of all domains together, is asked for beneath one parent and
 * beneath many, by every query that leads there. No statement may be asked oftener for many than for one, and each parent must have its
 * own. Parents are made up by their shapes, since only their keys matter; what they lead to is asked of its real domain.
 */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, before, describe, it } from 'node:test';
import {
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
  type GraphQLInputType,
  type GraphQLOutputType,
} from 'graphql';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { catalog } from '../../domains/catalog/definition.ts';
import { createService as createCatalog } from '../../domains/catalog/service.ts';
import { DOMAINS } from '../../domains/index.ts';
import type { CreateService, RouteHandler } from '../../platform/domain.ts';
import type { Sql, Tenant } from '../../platform/ports.ts';
import type { Invoke, Visit } from '../invoke.ts';
import { readApi } from '../shapes/api.ts';
import type { Shape, Value } from '../shapes/shapes.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../testing.ts';
import { graphModel, type Relation, type RootField } from './model.ts';
import { schemaOf } from './schema.ts';
import { createGraphServer, type GraphServer } from './server.ts';

/** Relations that no list leads to, and why that is so. A relation that is missing here, or here in vain, fails. */
const UNLISTED: Readonly<Record<string, string>> = {
  'AdminGetReviewResult.product': 'One review by its id. The lists of reviews have types of their own.',
  'Explanation.product': 'Why one product is recommended, by its id.',
};

/** As many as the longest query has parents. */
const PRODUCTS = 70;
/** Of each list on the way; lists in lists multiply. */
const MANY = 4;

const model = graphModel(await readApi(DOMAINS), DOMAINS);
const schema = schemaOf(model);

interface Step {
  readonly field: string;
  /** The member that is asked of, where the field answers with one of several types. */
  readonly on?: string | undefined;
}

interface Way {
  readonly root: RootField;
  readonly steps: readonly Step[];
  readonly relation: Relation;
}

/** Every query by which a list leads to a relation, by the shortest way of each. */
function waysOf(relation: Relation): Way[] {
  const fields = schema.getQueryType()?.getFields() ?? {};
  return model.roots.flatMap((root) => {
    const type = root.root === 'Query' ? fields[root.name]?.type : undefined;
    const steps = type === undefined ? undefined : waysDown(type, relation, false, new Set());
    return steps === undefined ? [] : [{ root, steps, relation }];
  });
}

function waysDown(
  type: GraphQLOutputType,
  relation: Relation,
  listed: boolean,
  above: ReadonlySet<string>,
): readonly Step[] | undefined {
  if (isNonNullType(type)) return waysDown(type.ofType, relation, listed, above);
  if (isListType(type)) return waysDown(type.ofType, relation, true, above);
  if (isUnionType(type)) {
    const ways = type.getTypes().map((member) => {
      const [first, ...rest] = waysDown(member, relation, listed, above) ?? [];
      return first === undefined ? undefined : [{ ...first, on: member.name }, ...rest];
    });
    return shortest(ways);
  }
  if (!isObjectType(type) || above.has(type.name)) return undefined;
  if (type.name === relation.type.name && listed) return [{ field: relation.name }];
  const below = new Set(above).add(type.name);
  const ways = Object.values(type.getFields()).map((field) => {
    const rest = waysDown(field.type, relation, listed, below);
    return rest === undefined ? undefined : [{ field: field.name }, ...rest];
  });
  return shortest(ways);
}

function shortest(ways: readonly (readonly Step[] | undefined)[]): readonly Step[] | undefined {
  return ways
    .filter((way) => way !== undefined)
    .toSorted((one, other) => one.length - other.length)
    .at(0);
}

/** `{ cart(cartId: $cartId) { lines { productId product { id } } } }` */
function queryOf({ root, steps, relation }: Way): { query: string; variables: Record<string, unknown> } {
  const field = schema.getQueryType()?.getFields()[root.name];
  const args = field?.args.filter(isRequiredArgument) ?? [];
  const taken = args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = args.map(({ name }) => `${name}: $${name}`).join(', ');
  const inner = steps.reduceRight((selected, { field: name, on }, index) => {
    const isLast = index === steps.length - 1;
    const asked = isLast ? `${relation.from} ${name} { id }` : `${name} { ${selected} }`;
    return on === undefined ? asked : `__typename ... on ${on} { ${asked} }`;
  }, '');
  const variables = Object.fromEntries(args.map(({ name, type }) => [name, anyOf(type)]));
  return {
    query: `query${taken === '' ? '' : `(${taken})`} { ${root.name}${given === '' ? '' : `(${given})`} { ${inner} } }`,
    variables,
  };
}

/** Something that may be given for it; the routes that hear it are made up. */
function anyOf(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return anyOf(type.ofType);
  if (isListType(type)) return [anyOf(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type))
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter(isRequiredInputField)
        .map((field) => [field.name, anyOf(field.type)]),
    );
  if (type.name === 'Boolean') return true;
  return ['Int', 'Long', 'Float'].includes(type.name) ? 1 : 'a';
}

/** An answer with as many parents as asked for, each of which names another product. */
function madeUp({ steps, relation }: Way, answer: Value, count: number, nextKey: () => string): unknown {
  const made = ({ shape }: Value, at: number): unknown => ofShape(shape, at);
  function ofShape(shape: Shape, at: number): unknown {
    const step = steps[at];
    if (shape.kind === 'list') return Array.from({ length: count }, () => made(shape.of, at));
    // Shown as a list of keys with their values.
    if (shape.kind === 'map')
      return Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`key${index}`, made(shape.of, at + 1)]),
      );
    if (shape.kind === 'union') {
      const member = shape.members.find(({ type }) => type.name === step?.on);
      assert.ok(member, `${shape.name} is ${step?.on ?? 'nothing'}`);
      return { [shape.tag]: member.tag, ...(ofShape(member.type, at) as object) }; // an object's
    }
    assert.ok(shape.kind === 'object' && step !== undefined, `${shape.kind} is no parent`);
    if (at === steps.length - 1) return { [relation.from]: nextKey() };
    const field = shape.fields.find(({ name }) => name === step.field);
    assert.ok(field, `${shape.name} has no ${step.field}`);
    return { [step.field]: made(field.value, at + 1) };
  }
  return made(answer, 0);
}

/** All the parents in an answer, with what each was given. */
function parentsIn(data: unknown, relation: Relation): { key: unknown; id: unknown }[] {
  if (Array.isArray(data)) return data.flatMap((one) => parentsIn(one, relation));
  if (typeof data !== 'object' || data === null) return [];
  const held = new Map(Object.entries(data));
  if (held.has(relation.from) && held.has(relation.name)) {
    const found = held.get(relation.name) as { id?: unknown } | null;
    return [{ key: held.get(relation.from), id: found?.id }];
  }
  return [...held.values()].flatMap((one) => parentsIn(one, relation));
}

/** How often each statement was asked. What is kept for some seconds is asked in one request and not in the next, which is no matter of parents. */
function timesOf(asked: readonly string[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const text of asked) times.set(text, (times.get(text) ?? 0) + 1);
  return times;
}

describe('relations beneath lists', () => {
  let database: TestDatabase;
  let shop: TestHost;
  let tenant: Tenant;
  let server: GraphServer;
  let byIds: RouteHandler;
  let calls = 0;
  /** What is asked for just now. */
  let asked: { readonly way: Way; readonly count: number };
  const keys: string[] = [];
  let drawn = 0;
  /** Statements of the catalogue since somebody last looked. */
  let statements: string[] = [];

  before(async () => {
    database = await startTestDatabase([catalog]);
    await database.addTenant({ id: 'one', domains: ['catalog'], currencies: ['EUR'] }, ADMIN_SECRETS);
    shop = await startTestHost(
      { databaseUrl: database.url, secretsKey: database.secretsKey, domains: ['catalog'] },
      { services: { catalog: () => Promise.resolve({ createService: counted(createCatalog) }) } },
    );
    const found = await shop.host.platform.tenants.byId('one');
    assert.ok(found);
    tenant = found;
    server = startServer();
    for (let made = 0; made < PRODUCTS; made += 10)
      keys.push(...(await Promise.all(Array.from({ length: 10 }, (_, index) => addProduct(made + index)))));
    await shop.settled(1);
  });
  after(async () => {
    await shop.stop();
    await database.stop();
  });

  async function addProduct(number: number): Promise<string> {
    const input = { title: `Thing ${number}`, variants: [{ prices: [{ amount: 100, currency: 'EUR' }] }] };
    const made = await shop.managed<{ id: string }>('one', 'POST', '/api/admin/catalog/products', input, 201);
    return made.id;
  }

  /** The same domain. What its tasks do beside is nobody's question. */
  function counted(create: CreateService): CreateService {
    const asking = new AsyncLocalStorage<true>();
    const note = (text: string): void => {
      if (asking.getStore() === true) statements.push(text);
    };
    return (platform) => {
      const { sql } = platform;
      const counting: Sql = {
        ...sql,
        query: (id, text, ...rest) => {
          note(text);
          return sql.query(id, text, ...rest);
        },
        queries: (id, asked, ...rest) => {
          for (const { text } of asked) note(text);
          return sql.queries(id, asked, ...rest);
        },
        transaction: (id, work) =>
          sql.transaction(id, (tx) =>
            work({
              ...tx,
              query: (text, ...rest) => {
                note(text);
                return tx.query(text, ...rest);
              },
            }),
          ),
      };
      const service = create({ ...platform, sql: counting });
      const { listProductsByIds } = service.routes;
      assert.ok(listProductsByIds);
      byIds = (request) => asking.run(true, () => listProductsByIds(request));
      return service;
    };
  }

  function nextKey(): string {
    drawn += 1;
    return keys[drawn % keys.length] ?? '';
  }

  /** By the handler itself, each time for a customer of another group: host and catalogue keep answers for some seconds. */
  async function productsOf(query: unknown): Promise<Buffer> {
    const { json, jsonText } = await byIds({
      tenant,
      caller: { kind: 'customer', customerId: 'cus_1', groups: [`grp_${(calls += 1)}`] },
      params: {},
      query,
      body: undefined,
      headers: {},
      requestId: 'of-the-test',
      signal: new AbortController().signal,
      requireScope: () => Promise.resolve(),
      earn: (_tx, response) => Promise.resolve(response),
    });
    return Buffer.from(jsonText ?? JSON.stringify(json));
  }

  function startServer(): GraphServer {
    const invoke: Invoke = async ({ domain, route, answer }, { query }) => {
      const isReal = domain === 'catalog' && route.id === 'listProductsByIds';
      const { operation } = asked.way.root;
      assert.ok(isReal || (domain === operation.domain && route.id === operation.route.id));
      assert.ok(typeof answer !== 'string');
      const body = isReal
        ? await productsOf(route.query?.parse(query))
        : Buffer.from(JSON.stringify(madeUp(asked.way, answer, asked.count, nextKey)));
      return { status: 200, headers: { 'content-type': 'application/json' }, body };
    };
    const { cache } = shop.host.platform;
    const log = pino({ level: 'silent' });
    const isMerchant = () => Promise.resolve(true);
    return createGraphServer({ model, invoke: () => invoke, cache, log, open: true, isMerchant });
  }

  /** @returns how many parents there were, and the statements that what they lead to cost */
  async function ask(way: Way, count: number): Promise<{ parents: number; statements: readonly string[] }> {
    const signal = new AbortController().signal;
    const visit: Visit = { tenant, headers: {}, requestId: 'of-the-test', signal };
    asked = { way, count };
    statements = [];
    const { result } = await server(visit, queryOf(way), { readOnly: true, idempotencyKey: undefined });
    assert.equal(result.errors, undefined, JSON.stringify(result.errors));
    const parents = parentsIn(result.data, way.relation);
    for (const { key, id } of parents) assert.equal(id, key, 'each parent has its own');
    return { parents: parents.length, statements };
  }

  for (const relation of model.relations) {
    const name = `${relation.type.name}.${relation.name}`;
    const ways = waysOf(relation);
    if (UNLISTED[name] !== undefined) {
      it(`${name} is beneath no list: ${UNLISTED[name]}`, () => assert.deepEqual(ways, []));
      continue;
    }
    it(`${name} costs no more for many parents than for one`, async () => {
      assert.ok(ways.length > 0, 'no list leads to it; say in UNLISTED why');
      for (const way of ways) {
        const one = await ask(way, 1);
        const many = await ask(way, MANY);
        const where = [way.root.name, ...way.steps.map(({ field }) => field)].join('.');
        assert.equal(one.parents, 1, where);
        assert.ok(many.parents >= MANY, where);
        assert.ok(one.statements.length > 0, `${where} asked the database`);
        const oftener = [...timesOf(many.statements)].filter(
          ([text, times]) => times > (timesOf(one.statements).get(text) ?? 1),
        );
        assert.deepEqual(oftener, [], `${where}, for ${many.parents}`);
      }
    });
  }

  it('the exceptions are relations of the schema', () => {
    const known = new Set(model.relations.map(({ type, name }) => `${type.name}.${name}`));
    assert.deepEqual(
      Object.keys(UNLISTED).filter((name) => !known.has(name)),
      [],
    );
  });
});
