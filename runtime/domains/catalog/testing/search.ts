/** What shoppers and merchants may expect of searching a shop, whatever system stands behind the search. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../../tests/support/wait.ts';
import type { TestHost } from '../../../host/testing.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Search } from '../../../platform/ports.ts';
import type { Preview, RankingRule, RankingRules } from '../ranking/schemas.ts';
import type { AdminCollection, AdminProduct, ProductsPage, SearchState, Suggestions } from '../schemas.ts';

export interface SearchedShops {
  readonly shop: TestHost;
  /** Two tenants, written in English and priced in EUR; the second speaks German and French as well. */
  readonly tenants: readonly [string, string];
  readonly fault: SearchFault;
}

/** Stands before the configured search and fails as told. */
export interface SearchFault {
  readonly around: (configured: Search) => Search;
  /** Nothing answers. */
  away: boolean;
  /** Called before each write. */
  beforeWrite: () => Promise<void>;
  /** Called after each write that the index has taken, before whoever wrote hears of it. */
  afterWrite: () => Promise<void>;
}

export function createSearchFault(): SearchFault {
  const fault: SearchFault = {
    away: false,
    beforeWrite: () => Promise.resolve(),
    afterWrite: () => Promise.resolve(),
    around(configured) {
      const unlessAway = async <T>(work: () => Promise<T>): Promise<T> => {
        if (fault.away) throw new ShopError('unavailable', 'The search is away.');
        return work();
      };
      return {
        origin: (...asked) => unlessAway(() => configured.origin(...asked)),
        write: (...written) =>
          unlessAway(async () => {
            await fault.beforeWrite();
            await configured.write(...written);
            await fault.afterWrite();
          }),
        remove: (...removed) => unlessAway(() => configured.remove(...removed)),
        search: (...asked) => unlessAway(() => configured.search(...asked)),
        rebuild: (...all) => unlessAway(() => configured.rebuild(...all)),
        close: () => configured.close(),
      };
    },
  };
  return fault;
}

/** Registers the suite. @param open makes the shops once; tests follow one another on them */
export function productSearchSuite(system: string, open: () => SearchedShops): void {
  const list = async (query: string, tenant = open().tenants[0]) => {
    return open().shop.call(tenant, 'GET', `/api/catalog/products?${query}`);
  };
  const found = async (query: string, tenant?: string) => {
    const page = (await list(query, tenant)).json<ProductsPage>();
    return { ...page, handles: page.products.map(({ handle }) => handle) };
  };
  const merchant = async <T>(method: string, path: string, json?: unknown, tenant = open().tenants[0]) => {
    const answer = await open().shop.merchant(tenant, method, `/api/admin/catalog/${path}`, { json });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.status === 204 ? (undefined as T) : answer.json<T>();
  };
  const state = (tenant?: string) => merchant<SearchState>('GET', 'search', undefined, tenant);
  const inStep = async (tenant?: string) => {
    await until(
      async () => {
        const { builtAt, pending, building } = await state(tenant);
        return builtAt !== null && pending === 0 && !building ? true : undefined;
      },
      {
        withinMs: 30_000,
        what: 'searches know everything',
        tell: async () => JSON.stringify(await state(tenant)),
      },
    );
    // The words are learned by the same task, after it has told the index.
    await open().shop.host.tasks.settled();
    await until(async () => ((await found('q=zzz', tenant)).search === 'plain' ? undefined : true), {
      withinMs: 30_000,
      what: 'it is the index that is asked',
    });
  };
  const product = (title: string, amount: number, rest: object = {}) => ({
    title,
    variants: [{ prices: [{ amount, currency: 'EUR' }], inventoryQuantity: 5 }],
    ...rest,
  });
  const make = (title: string, amount: number, rest?: object, tenant?: string) =>
    merchant<AdminProduct>('POST', 'products', product(title, amount, rest), tenant);
  const change = async (id: string, to: object): Promise<AdminProduct> => {
    const { version, title, vendor, type, tags } = await merchant<AdminProduct>('GET', `products/${id}`);
    const same = product(title, 100, { vendor, type, tags });
    return merchant<AdminProduct>('PUT', `products/${id}`, { ...same, version, ...to });
  };

  test(`${system}: what a merchant writes is found by its words, their forms, beginnings and slips`, async () => {
    const { tenants } = open();
    await make('Red Hiking Boots', 12_000, { vendor: 'Acme', type: 'Boots', tags: ['new', 'sale'] });
    await make('Blue Hiking Boots', 9_000, { vendor: 'Fjord', type: 'Boots', tags: ['new'] });
    await make('Red Tent', 30_000, {
      vendor: 'Fjord',
      type: 'Tents',
      descriptionHtml: '<p>For two hikers.</p>',
    });
    await make('Hiking Map', 900, { vendor: 'Theirs', type: 'Maps' }, tenants[1]);
    await inStep();
    await inStep(tenants[1]);
    assert.deepEqual((await found('q=boot')).handles.toSorted(), ['blue-hiking-boots', 'red-hiking-boots']);
    assert.deepEqual((await found('q=red+hik')).handles, ['red-hiking-boots', 'red-tent'], 'by rank');
    assert.deepEqual((await found('q=hikers+red+tent')).handles, ['red-tent'], 'in the description');
    const slip = await found('q=hikking+bots');
    assert.equal(slip.search, 'similar');
    assert.ok(slip.handles.includes('red-hiking-boots'), slip.handles.join());
    const nothing = await found('q=qqqqqq');
    assert.deepEqual([nothing.handles, nothing.total, nothing.nextCursor], [[], 0, null]);
  });

  test(`${system}: words that the merchant says mean the same find each other, at once and in this shop only`, async () => {
    const { shop, tenants } = open();
    const path = '/api/admin/catalog/search/synonyms';
    const none = await shop.managed<{ version: number }>(tenants[0], 'GET', path);
    assert.deepEqual(none, { version: 0, synonyms: [] });
    const synonyms = [{ words: ['wellies', 'boots'] }, { words: ['shelter'], means: ['tent'] }];
    assert.equal((await found('q=wellies')).total, 0);
    const written = await shop.managed<object>(tenants[0], 'PUT', path, { version: 0, synonyms });
    assert.deepEqual(written, { version: 1, synonyms });
    assert.deepEqual((await found('q=wellies')).handles.toSorted(), [
      'blue-hiking-boots',
      'red-hiking-boots',
    ]);
    assert.deepEqual((await found('q=red+wellies')).handles, ['red-hiking-boots']);
    const page = await found('q=shelter');
    assert.deepEqual([page.handles, page.search], [['red-tent'], 'words']);
    assert.equal((await found('q=wellies', tenants[1])).total, 0);
    const late = await shop.merchant(tenants[0], 'PUT', path, { json: { version: 0, synonyms: [] } });
    assert.equal(late.status, 409);
    await shop.managed(tenants[0], 'PUT', path, { version: 1, synonyms: [] });
    assert.equal((await found('q=wellies')).total, 0);
  });

  test(`${system}: where nothing has all the words less is asked for, step by step, and the answer says which step served`, async () => {
    const { tenants, shop } = open();
    const few = await found('q=red+umbrella+tent');
    assert.deepEqual([few.search, few.handles[0], few.didYouMean], ['meaning', 'red-tent', null]);
    assert.deepEqual([few.total, few.nextCursor], [few.handles.length, null]);
    assert.deepEqual(
      (await found('q=red+umbrella+tent&sort=title-asc')).search,
      'some',
      'in an order of one’s own, by words',
    );
    assert.deepEqual(
      (await found('q=red+umbrella+tent&vendor=Nobody')).search,
      'nothing',
      'filters keep meanings out',
    );
    const slip = await found('q=hikking');
    assert.deepEqual([slip.search, slip.didYouMean], ['similar', 'hiking']);
    const nothing = await found('q=qqqqqq+zzzzzz');
    assert.deepEqual([nothing.search, nothing.products, nothing.total], ['nothing', [], 0]);
    assert.ok(nothing.instead.length > 0, 'what the shop shows anybody');
    assert.deepEqual((await found('q=red')).instead, []);
    const before = await shop.managed<{ synonyms: object[] }>(
      tenants[0],
      'GET',
      '/api/admin/catalog/search/synonyms',
    );
    const synonym = { words: ['qqqqqq'], means: ['tent'] };
    for (const _ of ['once', 'and again']) {
      const { synonyms } = await merchant<{ synonyms: object[] }>('POST', 'search/synonyms', synonym);
      assert.deepEqual(synonyms, [...before.synonyms, synonym]);
    }
    assert.deepEqual((await found('q=qqqqqq')).handles, ['red-tent']);
    const path = '/api/admin/catalog/search/synonyms';
    const { version } = await shop.managed<{ version: number }>(tenants[0], 'GET', path);
    await shop.managed(tenants[0], 'PUT', path, { version, synonyms: before.synonyms });
  });

  test(`${system}: a merchant’s rules pin, bury, hide and boost, on every page alike, and a preview says which rule moved what`, async () => {
    const { shop, tenants } = open();
    const made = new Map<string, string>();
    for (const [n, type] of ['Mug', 'Cup', 'Mug', 'Cup', 'Mug', 'Cup', 'Mug'].entries())
      made.set(`m${n}`, (await make(`Tin Vessel m${n}`, 900 + n, { type, tags: n > 3 ? ['late'] : [] })).id);
    const pot = await make('Pot', 4_000, { type: 'Pots' });
    await merchant('POST', 'collections', {
      title: 'Kitchen',
      products: [...made.keys()].map((name) => `tin-vessel-${name}`),
    });
    await inStep();
    const plain = (await found('q=tin+vessel')).handles;
    assert.equal(plain.length, 7);
    const id = (name: string): string => made.get(name) ?? '';
    const path = '/api/admin/catalog/search/rules';
    const rule = await merchant<RankingRule>('POST', 'search/rules', {
      name: 'Tin week',
      when: { on: 'query', match: 'contains', text: 'tin' },
      pins: [
        { productId: pot.id, place: 2 },
        { productId: id('m5'), place: 9 },
      ],
      buries: [id('m0')],
      hides: [id('m1')],
      boosts: [
        { what: { by: 'type', value: 'Cup' }, factor: 4 },
        { what: { by: 'tag', value: 'late' }, factor: 1.5 },
      ],
    });
    const paged = async (query: string, limit: number): Promise<string[]> => {
      const handles: string[] = [];
      for (let cursor = '', pages = 0; pages < 20; pages++) {
        const page = await found(`${query}&limit=${limit}${cursor}`);
        handles.push(...page.handles.map((handle) => handle.replace('tin-vessel-', '')));
        if (page.nextCursor === null) break;
        cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
      }
      return handles;
    };
    const whole = await found('q=tin+vessel');
    const order = whole.handles.map((handle) => handle.replace('tin-vessel-', ''));
    assert.deepEqual(
      [order[0], order[1]],
      ['m3', 'pot'],
      'a boosted one, and a pinned one without the words',
    );
    assert.deepEqual(order.slice(-2), ['m0', 'm5'], 'a buried one, and a pin beyond the end');
    assert.deepEqual(new Set(order), new Set(['m3', 'pot', 'm2', 'm4', 'm6', 'm0', 'm5']));
    assert.ok(order.indexOf('m4') < order.indexOf('m2'), 'boosted by its tag');
    assert.equal(whole.total, 7);
    assert.deepEqual(new Set(whole.placed), new Set([pot.id, id('m5'), id('m0')]));
    assert.deepEqual(whole.facets?.types.find(({ value }) => value === 'Pots')?.count, 1);
    for (const limit of [1, 2, 3, 4, 6])
      assert.deepEqual(await paged('q=tin+vessel', limit), order, `pages of ${limit}`);
    assert.ok(!(await found('q=tin+vessel&type=Mug')).handles.includes('pot'), 'filters keep pins out');
    const byPrice = (await found('q=tin+vessel&sort=price-asc')).handles;
    assert.deepEqual(
      byPrice,
      ['m0', 'm2', 'm3', 'm4', 'm5', 'm6'].map((name) => `tin-vessel-${name}`),
      'only hidden ones count',
    );
    assert.deepEqual((await found('q=vessel')).handles.toSorted(), plain.toSorted(), 'another search');

    const preview = await merchant<Preview>('GET', 'search/preview?q=tin+vessel');
    assert.deepEqual(preview.rules, [{ ruleId: rule.id, name: 'Tin week' }]);
    const of = (productId: string) => preview.products.find((one) => one.productId === productId);
    assert.deepEqual(
      [of(pot.id)?.place, of(pot.id)?.placeWithout, of(pot.id)?.because.map(({ effect }) => effect)],
      [2, null, ['pinned']],
    );
    assert.deepEqual(
      of(id('m3'))?.because.map(({ effect, factor }) => [effect, factor]),
      [['boosted', 4]],
    );
    assert.deepEqual(
      of(id('m0'))?.because.map(({ effect }) => effect),
      ['buried'],
    );
    assert.deepEqual(
      preview.hidden.map(({ productId }) => productId),
      [id('m1')],
    );

    const { nextCursor } = await found('q=tin+vessel&limit=2');
    const { name, when } = rule.rule;
    const away = { ...rule.rule, enabled: false };
    const off = await shop.managed<RankingRule>(tenants[0], 'PUT', `${path}/${rule.id}`, {
      version: 1,
      rule: away,
    });
    assert.equal(off.version, 2);
    assert.deepEqual((await found('q=tin+vessel')).handles, plain, 'switched off');
    assert.equal(
      (await list(`q=tin+vessel&limit=2&cursor=${encodeURIComponent(nextCursor ?? '')}`)).status,
      400,
    );
    const tried = await merchant<Preview>('GET', `search/preview?q=tin+vessel&with=${rule.id}`);
    assert.deepEqual(
      tried.products.map(({ place, productId }) => [place, productId]),
      preview.products.map(({ place, productId }) => [place, productId]),
    );
    const stale = await shop.merchant(tenants[0], 'PUT', `${path}/${rule.id}`, {
      json: { version: 1, rule: { name, when } },
    });
    assert.equal(stale.status, 409);
    const unknown = await shop.merchant(tenants[0], 'POST', path, {
      json: { name, when, hides: ['nobody'] },
    });
    assert.equal(unknown.status, 400);

    await shop.managed(tenants[0], 'PUT', `${path}/${rule.id}`, {
      version: 2,
      rule: {
        name,
        when: { on: 'collection', collection: 'kitchen' },
        pins: [{ productId: id('m6'), place: 1 }],
        buries: [id('m2')],
        boosts: [{ what: { by: 'type', value: 'Cup' }, factor: 2 }],
      },
    });
    const kitchen = ['m6', 'm1', 'm3', 'm5', 'm0', 'm4', 'm2'];
    for (const limit of [1, 2, 5, 100])
      assert.deepEqual(
        await paged('collection=kitchen', limit),
        kitchen,
        `a collection in pages of ${limit}`,
      );
    await merchant('DELETE', `search/rules/${rule.id}`);
    assert.deepEqual(await paged('collection=kitchen', 100), [...made.keys()]);
    assert.deepEqual((await merchant<RankingRules>('GET', 'search/rules')).rules, []);
    assert.deepEqual((await merchant<RankingRules>('GET', 'search/rules', undefined, tenants[1])).rules, []);
  });

  test(`${system}: filters, facets, orders and pages are those of a list without words`, async () => {
    const hits = await found('q=boots');
    assert.deepEqual(hits.facets?.types, [{ value: 'Boots', count: 2 }]);
    assert.deepEqual(hits.facets?.tags, [
      { value: 'new', count: 2 },
      { value: 'sale', count: 1 },
    ]);
    for (const filter of [
      'type=Boots',
      'vendor=Fjord',
      'tag=sale',
      'minPrice=10000',
      'maxPrice=9000',
      'available=true',
    ])
      assert.deepEqual(
        (await found(`q=red&sort=title-asc&${filter}`)).handles,
        (await found(`sort=title-asc&${filter}`)).handles.filter((handle) => handle.startsWith('red')),
        filter,
      );
    for (const sort of ['featured', 'title-asc', 'title-desc', 'price-asc', 'price-desc', 'newest']) {
      const whole = (await found(`q=boots&sort=${sort}`)).handles;
      assert.deepEqual(whole, (await found(`type=Boots&sort=${sort}`)).handles, sort);
      const first = await found(`q=boots&sort=${sort}&limit=1`);
      const second = await found(`q=boots&sort=${sort}&limit=1&cursor=${first.nextCursor}`);
      assert.deepEqual([...first.handles, ...second.handles], whole, sort);
      assert.equal(second.total, null);
    }
    const { nextCursor } = await found('q=boots&limit=1');
    assert.equal((await list(`q=red&limit=1&cursor=${nextCursor}`)).status, 400, 'of another search');
  });

  test(`${system}: in each of a shop’s languages its own words are found, in their forms; what is not translated as it is written`, async () => {
    const two = open().tenants[1];
    const of = async (locale: string, q: string) => {
      const page = await found(`locale=${locale}&q=${encodeURIComponent(q)}`, two);
      return [page.search, page.handles.toSorted()];
    };
    const made = await make('Light Camping Chairs', 4_000, {}, two);
    await make('Folding Benches', 6_000, {}, two);
    for (const [locale, title, descriptionHtml] of [
      ['de', 'Leichte Campingstühle', '<p>Für gemütliche Abende im Freien.</p>'],
      ['fr', 'Chaises de camping légères', '<p>Pour des soirées agréables.</p>'],
    ] as const) {
      const { version } = await merchant<AdminProduct>('GET', `products/${made.id}`, undefined, two);
      const path = `products/${made.id}/translations/${locale}`;
      await merchant('PUT', path, { version, title, descriptionHtml }, two);
    }
    await inStep(two);
    const chairs = ['words', ['light-camping-chairs']];
    assert.deepEqual(await of('en', 'chair'), chairs);
    assert.deepEqual(await of('de', 'leichter campingstuhl'), chairs);
    assert.deepEqual(await of('de', 'gemütlicher abend'), chairs);
    assert.deepEqual(await of('fr', 'chaise légère'), chairs);
    assert.deepEqual(await of('fr', 'soirée agréable'), chairs);
    assert.deepEqual(await of('de', 'folding bench'), ['words', ['folding-benches']], 'as it is written');
    assert.deepEqual(await of('de', 'light chairs'), chairs, 'nothing in German has these words');
    assert.notEqual((await of('en', 'leichter campingstuhl'))[0], 'words', 'no English form of it');
    const typed = await open().shop.call(two, 'GET', '/api/catalog/suggestions?locale=de&q=camp');
    assert.deepEqual(
      typed.json<Suggestions>().products.map(({ title }) => title),
      ['Leichte Campingstühle'],
    );
    const wide = await make('Light Camping Chairs for two', 4_000, {}, two);
    const { version } = await merchant<AdminProduct>('GET', `products/${wide.id}`, undefined, two);
    const german = { version, title: 'Leichtes Campingsofa' };
    await merchant('PUT', `products/${wide.id}/translations/de`, german, two);
    await inStep(two);
    const first = await found('locale=de&q=light+chairs&limit=1', two);
    const next = await found(`locale=de&q=light+chairs&limit=1&cursor=${first.nextCursor}`, two);
    assert.equal(new Set([...first.handles, ...next.handles]).size, 2, 'a later page stays at its step');
  });

  test(`${system}: no shop finds another’s`, async () => {
    const [one, two] = open().tenants;
    assert.deepEqual((await found('q=hiking', two)).handles, ['hiking-map']);
    assert.ok(!(await found('q=hiking+map', one)).handles.includes('hiking-map'));
    const { products } = (
      await open().shop.call(two, 'GET', '/api/catalog/suggestions?q=hik')
    ).json<Suggestions>();
    assert.deepEqual(
      products.map(({ title }) => title),
      ['Hiking Map'],
    );
  });

  test(`${system}: a change of a product, of its collections or its stock is soon known`, async () => {
    const { shop, tenants } = open();
    const made = await make('Lantern', 2_000, { tags: ['night'] });
    await inStep();
    assert.deepEqual((await found('q=lantern')).handles, ['lantern']);
    await change(made.id, { title: 'Headlamp', handle: 'lantern' });
    await inStep();
    const renamed = await found('q=headlamp');
    assert.deepEqual(
      renamed.products.map(({ title, priceRange }) => [title, priceRange?.min.amount]),
      [['Headlamp', 100]],
    );
    // What stood beside the word may still tell what it meant; no text has it.
    assert.notEqual((await found('q=lantern')).search, 'words');

    const collection = await merchant<AdminCollection>('POST', 'collections', {
      title: 'Night',
      products: ['lantern'],
    });
    await inStep();
    assert.deepEqual((await found('q=headlamp&collection=night')).handles, ['lantern']);
    await merchant('PUT', `collections/${collection.id}`, { title: 'Night', version: 1, published: false });
    await inStep();
    assert.deepEqual((await found('q=headlamp&collection=night')).handles, [], 'a hidden collection');

    const [variant] = (await merchant<AdminProduct>('GET', `products/${made.id}`)).variants;
    const stock = (availability: string) =>
      shop.host.sql.transaction(tenants[0], (tx) =>
        tx.emit({
          topic: 'orders.stock',
          type: 'orders.stock.changed',
          key: variant?.id ?? '',
          payload: { variantId: variant?.id, availability },
        }),
      );
    await stock('out');
    await shop.host.events.settled();
    await inStep();
    assert.deepEqual((await found('q=headlamp&available=true')).handles, []);
    await stock('in_stock');
    await shop.host.events.settled();
    await inStep();
    assert.deepEqual((await found('q=headlamp&available=true')).handles, ['lantern']);

    await change(made.id, { status: 'draft' });
    await inStep();
    assert.deepEqual((await found('q=headlamp')).handles, []);
    await change(made.id, { title: 'Headlamp' });
    await merchant('DELETE', `products/${made.id}`);
    await inStep();
    assert.deepEqual((await found('q=headlamp')).handles, []);
  });

  test(`${system}: what became hidden a moment ago is not shown, though the index still has it`, async () => {
    const { fault } = open();
    const made = await make('Whistle', 500);
    await inStep();
    let reached: () => void = () => undefined;
    const waits = new Promise<void>((resolve) => (reached = resolve));
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    fault.afterWrite = async () => {
      reached();
      await held;
    };
    try {
      await change(made.id, { title: 'Whistle of steel' });
      await waits;
      // The index has the version before: the one who tells it is held up.
      await merchant('DELETE', `products/${made.id}`);
      assert.deepEqual((await found('q=whistle')).handles, []);
    } finally {
      fault.afterWrite = () => Promise.resolve();
      go();
    }
    await inStep();
    assert.equal((await found('q=whistle')).total, 0, 'who was held up does not bring it back');
  });

  test(`${system}: changes that come while the index is told are told by the same task, and never by two at once`, async () => {
    const { fault } = open();
    let telling = 0;
    let most = 0;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    fault.beforeWrite = async () => {
      most = Math.max(most, ++telling);
      await held;
    };
    fault.afterWrite = async () => void telling--;
    try {
      for (const title of ['Pole', 'Peg', 'Rope', 'Hammer']) await make(title, 100);
      await until(async () => (telling > 0 ? true : undefined), {
        withinMs: 30_000,
        what: 'the index is told',
      });
      await until(async () => ((await state()).pending > 0 ? true : undefined), {
        withinMs: 30_000,
        what: 'others wait',
      });
      go();
      await inStep();
    } finally {
      go();
      fault.beforeWrite = () => Promise.resolve();
      fault.afterWrite = () => Promise.resolve();
    }
    assert.equal(most, 1);
    assert.deepEqual((await found('q=hammer')).handles, ['hammer']);
  });

  test(`${system}: whoever is killed between telling the index and noting it tells it again`, async () => {
    const { fault } = open();
    let kills = 3;
    fault.afterWrite = async () => {
      if (kills > 0 && kills-- > 0) throw new ShopError('timeout', 'Killed.');
    };
    try {
      await make('Compass', 700);
      await inStep();
    } finally {
      fault.afterWrite = () => Promise.resolve();
    }
    assert.equal(kills, 0);
    assert.deepEqual((await found('q=compass')).handles, ['compass']);
  });

  test(`${system}: away, the shop is searched plainly and sold from; back, the index catches up by itself`, async () => {
    const { fault, shop, tenants } = open();
    const { nextCursor } = await found('q=boots&limit=1');
    fault.away = true;
    try {
      const plain = await found('q=hiking+boots');
      assert.equal(plain.search, 'plain');
      assert.deepEqual(plain.handles.toSorted(), ['blue-hiking-boots', 'red-hiking-boots']);
      const further = await list(`q=boots&limit=1&cursor=${nextCursor}`);
      assert.equal(further.status, 503);
      assert.ok(Number(further.headers['retry-after']) > 0);
      assert.equal((await list('sort=newest')).status, 200);
      const typing = await shop.call(tenants[0], 'GET', '/api/catalog/suggestions?q=boo');
      assert.deepEqual(typing.json<Suggestions>().products, []);
      await make('Gloves', 1_500);
      assert.deepEqual((await found('q=gloves')).handles, ['gloves']);
      assert.ok((await state()).pending > 0);
    } finally {
      fault.away = false;
    }
    await inStep();
    const back = await found('q=glove');
    assert.deepEqual([back.search, back.handles], ['words', ['gloves']]);
  });

  test(`${system}: built anew, it is searched and written meanwhile, and has all there is`, async () => {
    const before = await state();
    await merchant('POST', 'search/rebuild');
    await make('Anew', 400);
    await until(async () => ((await state()).builtAt === before.builtAt ? undefined : true), {
      withinMs: 30_000,
      what: 'it was built anew',
    });
    await inStep();
    assert.deepEqual((await found('q=anew')).handles, ['anew']);
    assert.deepEqual((await found('q=boots')).handles.toSorted(), ['blue-hiking-boots', 'red-hiking-boots']);
    assert.deepEqual((await found('q=hiking', open().tenants[1])).handles, ['hiking-map']);
  });
}
