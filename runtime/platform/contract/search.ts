/** What every search adapter must keep: what was written is found, by words, forms, beginnings and slips; by its own tenant only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Search, SearchDocument, SearchIndex, SearchQuery } from '../ports.ts';

export interface SearchUnderTest {
  readonly search: Search;
  /** Tenants of each test's own. */
  readonly tenants: readonly [string, string];
}

const ENGLISH: SearchIndex = { name: 'products', locales: ['en'] };
const GERMAN: SearchIndex = { name: 'products', locales: ['de-AT'] };

/** Registers the suite. */
export function searchContract(
  adapter: string,
  open: (locales: readonly [string, string]) => Promise<SearchUnderTest>,
): void {
  const product = (id: string, title: string, rest: Partial<SearchDocument> = {}): SearchDocument => ({
    id,
    version: 1,
    texts: [title, '', ''],
    keywords: {},
    numbers: {},
    ...rest,
  });

  test(`${adapter}: words are found as they stand, in other forms, as beginnings, in any case; all have to be there`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    const found = async (text: string) =>
      (await search.search(tenant, ENGLISH, { text, limit: 10 })).ids.toSorted();
    await search.write(tenant, ENGLISH, [
      product('boots', 'Red Hiking Boots', { texts: ['Red Hiking Boots', 'Acme SKU-4711', 'Warm and dry.'] }),
      product('tent', 'Red Tent', { texts: ['Red Tent', 'Fjord', 'For two hikers in the mountains.'] }),
    ]);
    assert.deepEqual(await found('red'), ['boots', 'tent']);
    assert.deepEqual(await found('BOOT'), ['boots'], 'another form');
    assert.deepEqual(await found('mountain'), ['tent'], 'in the description');
    assert.deepEqual(await found('red moun'), ['tent'], 'a beginning');
    assert.deepEqual(await found('sku-47'), ['boots'], 'a number being typed');
    assert.deepEqual(await found('red fjord'), ['tent'], 'words of different parts');
  });

  test(`${adapter}: a title weighs more than a description, and slips of the hand are forgiven where nothing fits`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    await search.write(tenant, ENGLISH, [
      product('b', 'Lantern', { texts: ['Lantern', '', 'Fits into every rucksack.'] }),
      product('a', 'Rucksack', { texts: ['Rucksack', '', 'Forty litres.'] }),
    ]);
    const page = await search.search(tenant, ENGLISH, { text: 'rucksack', limit: 10 });
    assert.deepEqual([page.ids, page.total, page.similar], [['a', 'b'], 2, false]);
    const slip = await search.search(tenant, ENGLISH, { text: 'ruksack', limit: 10 });
    assert.equal(slip.ids[0], 'a');
    assert.equal(slip.similar, true);
    const nothing = await search.search(tenant, ENGLISH, { text: 'zzzzqqqq', limit: 10 });
    assert.deepEqual([nothing.ids, nothing.total], [[], 0]);
  });

  test(`${adapter}: what has the words of another text that was named is found as well, page by page`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    await search.write(tenant, ENGLISH, [
      product('sofa', 'Red Sofa'),
      product('couch', 'Red Couches for two'),
      product('lamp', 'Red Lamp'),
      product('blue', 'Blue Couch'),
    ]);
    const query: SearchQuery = { text: 'red sofa', also: ['red couch', 'zzzzqqqq'], limit: 1 };
    const first = await search.search(tenant, ENGLISH, query);
    assert.deepEqual([first.total, first.similar], [2, false]);
    const second = await search.search(tenant, ENGLISH, { ...query, after: first.next ?? '' });
    assert.deepEqual([...first.ids, ...second.ids].toSorted(), ['couch', 'sofa']);
    assert.equal(second.next, undefined);
    const plain = await search.search(tenant, ENGLISH, { text: 'red sofa', limit: 10 });
    assert.deepEqual(plain.ids, ['sofa']);
    await assert.rejects(
      search.search(tenant, ENGLISH, { text: 'red sofa', limit: 1, after: first.next ?? '' }),
      { code: 'invalid_input' },
    );
  });

  test(`${adapter}: where one of the words is enough, what has more of them comes first, and a slip of one is forgiven`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    await search.write(tenant, ENGLISH, [
      product('both', 'Red Lantern', { keywords: { type: ['x'] } }),
      product('red', 'Red Tent', { keywords: { type: ['y'] } }),
      product('lantern', 'Old Lanterns', { keywords: { type: ['x'] } }),
      product('none', 'Blue Stove'),
    ]);
    const query = { text: 'red lantern zzzzqqqq', match: 'some', facets: ['type'], limit: 2 } as const;
    const whole = await search.search(tenant, ENGLISH, { text: query.text, limit: 2 });
    assert.ok(whole.similar || whole.total === 0, 'nothing has all of them');
    const first = await search.search(tenant, ENGLISH, query);
    assert.deepEqual([first.ids[0], first.total, first.similar], ['both', 3, false]);
    assert.deepEqual(first.facets['type'], [
      { value: 'x', count: 2 },
      { value: 'y', count: 1 },
    ]);
    const second = await search.search(tenant, ENGLISH, { ...query, after: first.next ?? '' });
    assert.deepEqual([...first.ids, ...second.ids].toSorted(), ['both', 'lantern', 'red']);
    const also = await search.search(tenant, ENGLISH, {
      ...query,
      text: 'lamp zzzz',
      also: ['lantern zzzz'],
    });
    assert.deepEqual(also.ids.toSorted(), ['both', 'lantern']);
    const slip = await search.search(tenant, ENGLISH, { ...query, text: 'lantren zzzzqqqq' });
    assert.deepEqual([slip.ids.toSorted(), slip.similar], [['both', 'lantern'], true]);
    const nothing = await search.search(tenant, ENGLISH, { ...query, text: 'zzzzqqqq xxxxjjjj' });
    assert.deepEqual([nothing.ids, nothing.total], [[], 0]);
  });

  test(`${adapter}: each language has its own forms`, async () => {
    const { search, tenants } = await open(['de', 'en']);
    const [tenant, other] = tenants;
    const shoe = product('schuh', 'Leichte Wanderschuhe für Kinder');
    await search.write(tenant, GERMAN, [shoe]);
    await search.write(other, ENGLISH, [shoe]);
    const ids = async (whose: string, index: SearchIndex, text: string) => {
      const { ids: found, similar } = await search.search(whose, index, { text, limit: 10 });
      return similar ? [] : found;
    };
    assert.deepEqual(await ids(tenant, GERMAN, 'leichter wanderschuh'), ['schuh']);
    assert.deepEqual(await ids(other, ENGLISH, 'leichter'), [], 'no English form of it');
  });

  test(`${adapter}: scripts without spaces are found by any of their words, wide or narrow, in whichever language the shop is`, async () => {
    for (const locale of ['ja', 'en']) {
      const { search, tenants } = await open([locale, locale]);
      const [tenant] = tenants;
      const index: SearchIndex = { name: 'products', locales: [locale] };
      await search.write(tenant, index, [
        product('sencha', '煎茶「あさつゆ」', {
          texts: ['煎茶「あさつゆ」', 'さくら茶舗 静岡', '川霧の立つ斜面で育てました。'],
        }),
        product('shirt', 'コットンTシャツ 白'),
        product('pot', '鉄瓶', { texts: ['鉄瓶', '南部鉄器', 'お茶の時間に。'] }),
      ]);
      const ids = async (text: string) => {
        const page = await search.search(tenant, index, { text, limit: 10 });
        return page.similar ? [] : page.ids.toSorted();
      };
      const cases: [string, string[]][] = [
        ['煎茶', ['sencha']],
        ['あさつ', ['sencha']],
        ['茶舗', ['sencha']],
        ['茶', ['pot', 'sencha']],
        ['お茶', ['pot']],
        ['静岡 煎茶', ['sencha']],
        ['鉄器', ['pot']],
        ['紅茶', []],
      ];
      for (const [text, expected] of cases)
        assert.deepEqual(await ids(text), expected, `${text} in ${locale}`);
    }
    const { search, tenants } = await open(['ja', 'ja']);
    const [tenant] = tenants;
    const index: SearchIndex = { name: 'products', locales: ['ja-JP'] };
    await search.write(tenant, index, [product('shirt', 'コットンTシャツ 白'), product('tent', 'テント')]);
    for (const [text, id] of [
      ['Ｔシャツ', 'shirt'],
      ['シャツ', 'shirt'],
      ['ﾃﾝﾄ', 'tent'],
    ] as const)
      assert.deepEqual((await search.search(tenant, index, { text, limit: 10 })).ids, [id], text);
  });

  test(`${adapter}: languages have their own forms: French, Russian, Norwegian`, async () => {
    for (const [locale, title, text] of [
      ['fr', 'Chaussures légères de randonnée', 'chaussure légère'],
      ['ru', 'Деревянные стулья', 'деревянный стул'],
      ['nb-NO', 'Spisestoler i eik', 'spisestol'],
    ] as const) {
      const { search, tenants } = await open([locale, locale]);
      const index: SearchIndex = { name: 'products', locales: [locale] };
      await search.write(tenants[0], index, [product('it', title)]);
      const page = await search.search(tenants[0], index, { text, limit: 10 });
      assert.deepEqual([page.ids, page.similar], [['it'], false], text);
    }
  });

  test(`${adapter}: in each language of an index its own words are found, and what is not translated as it is written`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant, other] = tenants;
    const index: SearchIndex = { name: 'products', locales: ['en', 'de', 'de-CH', 'tlh'] };
    const document = product('shoe', 'Light boots', {
      translations: {
        de: ['Leichte Wanderschuhe', '', 'Für Kinder.'],
        'de-CH': ['Leichte Bergschuhe', '', ''],
      },
      keywords: { type: ['x'] },
    });
    await search.write(tenant, index, [document, product('tent', 'Red tents')]);
    await search.write(other, index, [product('shoe', 'Leichte Wanderschuhe')]);
    const found = async (text: string, locale?: string) => {
      const asked = { text, facets: ['type'], limit: 10, ...(locale === undefined ? {} : { locale }) };
      const { ids, total, similar } = await search.search(tenant, index, asked);
      assert.equal(total, ids.length);
      return similar ? [] : ids;
    };
    assert.deepEqual(await found('boot'), ['shoe'], 'absent: the first');
    assert.deepEqual(await found('leichter wanderschuh', 'de'), ['shoe']);
    assert.deepEqual(await found('leichter bergschuh', 'de-CH'), ['shoe'], 'the same analyzer, other words');
    assert.deepEqual(await found('wanderschuh', 'de-CH'), []);
    assert.deepEqual(await found('wanderschuh'), []);
    assert.deepEqual(await found('kinder', 'de'), ['shoe']);
    for (const locale of ['de', 'de-CH', 'tlh'])
      assert.deepEqual(await found('red tents', locale), ['tent'], `not translated into ${locale}`);
    assert.deepEqual(await found('light boots', 'tlh'), ['shoe']);
    assert.deepEqual(await found('boot', 'xx'), ['shoe'], 'none of the index’s: the first');
    await search.remove(tenant, index, [{ id: 'shoe', version: 2 }]);
    await search.write(tenant, index, [document]);
    for (const locale of index.locales) assert.deepEqual(await found('light', locale), [], locale);
    assert.deepEqual(await found('leicht', 'de'), []);
    const fewer: SearchIndex = { name: 'products', locales: ['de'] };
    async function* all(): AsyncGenerator<readonly SearchDocument[]> {
      yield [product('tent', 'Rote Zelte', { version: 2 })];
    }
    const before = await search.origin(tenant, index);
    assert.notEqual((await search.origin(tenant, fewer)).wanted, before.wanted);
    await search.rebuild(tenant, fewer, all());
    const rest = await search.search(tenant, fewer, { text: 'rotes zelt', limit: 10 });
    assert.deepEqual([rest.ids, rest.similar], [['tent'], false]);
    const back = await search.search(tenant, index, { text: 'red tent', locale: 'de-CH', limit: 10 });
    assert.deepEqual([back.ids, back.total], [[], 0], 'what a language had is gone with it');
  });

  test(`${adapter}: a part of a word finds it where nothing fits better`, async () => {
    const { search, tenants } = await open(['de', 'de']);
    const [tenant] = tenants;
    await search.write(tenant, GERMAN, [product('a', 'Wanderschuhe'), product('b', 'Zelt')]);
    const page = await search.search(tenant, GERMAN, { text: 'Schuh', limit: 10 });
    assert.deepEqual([page.ids, page.similar], [['a'], true]);
    await search.write(tenant, GERMAN, [product('c', 'Schuh')]);
    assert.deepEqual((await search.search(tenant, GERMAN, { text: 'schuh', limit: 10 })).ids, ['c']);
  });

  test(`${adapter}: filters, ranges, sorting, pages and counts of values`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    const kinds = ['Boot', 'Tent', 'Stove'];
    const documents = Array.from({ length: 25 }, (_, n) =>
      product(`p${String(n).padStart(2, '0')}`, `Thing ${n}`, {
        keywords: { type: [kinds[n % 3] ?? ''], tags: n % 2 === 0 ? ['new', 'sale'] : ['new'] },
        // Some of the same price, one with none.
        numbers: n === 24 ? {} : { price: Math.floor(n / 2) * 100 },
      }),
    );
    await search.write(tenant, ENGLISH, documents);
    const all = async (query: Omit<SearchQuery, 'limit'>): Promise<string[]> => {
      const ids: string[] = [];
      for (let after: string | undefined, pages = 0; pages < 10; pages++) {
        const page = await search.search(tenant, ENGLISH, {
          ...query,
          limit: 4,
          ...(after === undefined ? {} : { after }),
        });
        ids.push(...page.ids);
        after = page.next;
        if (after === undefined) break;
      }
      return ids;
    };
    const names = documents.map(({ id }) => id);
    assert.deepEqual(await all({ sort: { number: 'price', descending: false } }), names);
    const descending = await all({ sort: { number: 'price', descending: true } });
    assert.deepEqual([descending[0], descending.at(-1), new Set(descending).size], ['p23', 'p24', 25]);
    assert.deepEqual((await all({ text: 'thing' })).toSorted(), names);
    assert.deepEqual((await all({ keywords: { type: 'Stove', tags: 'sale' } })).toSorted(), [
      'p02',
      'p08',
      'p14',
      'p20',
    ]);
    assert.deepEqual((await all({ ranges: { price: { atLeast: 300, atMost: 400 } } })).toSorted(), [
      'p06',
      'p07',
      'p08',
      'p09',
    ]);
    for (const descending of [false, true]) {
      const byType = await all({ sort: { keyword: 'type', descending } });
      assert.equal(new Set(byType).size, 25);
      const types = byType.map((id) => documents.find((one) => one.id === id)?.keywords['type']?.[0] ?? '');
      const sorted = types.toSorted();
      assert.deepEqual(types, descending ? sorted.toReversed() : sorted);
    }
    const page = await search.search(tenant, ENGLISH, {
      text: 'thing',
      keywords: { tags: 'sale' },
      facets: ['type', 'tags', 'absent'],
      limit: 2,
    });
    assert.equal(page.total, 13);
    assert.deepEqual(page.facets, {
      type: [
        { value: 'Boot', count: 5 },
        { value: 'Stove', count: 4 },
        { value: 'Tent', count: 4 },
      ],
      tags: [
        { value: 'new', count: 13 },
        { value: 'sale', count: 13 },
      ],
      absent: [],
    });
    await assert.rejects(
      search.search(tenant, ENGLISH, { text: 'other', limit: 2, after: page.next ?? '' }),
      { code: 'invalid_input' },
    );
  });

  test(`${adapter}: what is left out is not found nor counted; boosts move what they fit, page by page, slips too`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    await search.write(
      tenant,
      ENGLISH,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((id, n) =>
        product(id, 'Lantern', {
          keywords: { tags: n % 2 === 0 ? ['sale'] : ['new'] },
          numbers: { published: n },
        }),
      ),
    );
    const all = async (query: Omit<SearchQuery, 'limit'>): Promise<string[]> => {
      const ids: string[] = [];
      for (let after: string | undefined, pages = 0; pages < 10; pages++) {
        const page = await search.search(tenant, ENGLISH, {
          ...query,
          limit: 2,
          ...(after === undefined ? {} : { after }),
        });
        ids.push(...page.ids);
        after = page.next;
        if (after === undefined) break;
      }
      return ids;
    };
    const boosts: SearchQuery['boosts'] = [
      { keyword: 'tags', value: 'sale', factor: 4 },
      { number: 'published', atLeast: 4, factor: 2 },
      { ids: ['d'], factor: 16 },
      { ids: ['e'], factor: 1e-18 },
    ];
    // Of equals the larger id stands first.
    for (const text of ['lantern', undefined])
      assert.deepEqual(
        await all({ ...(text === undefined ? {} : { text }), boosts, without: ['c'] }),
        ['d', 'a', 'f', 'b', 'e'],
        `by ${text ?? 'no words'}`,
      );
    assert.deepEqual(await all({ boosts, sort: { number: 'published', descending: false } }), [
      'a',
      'b',
      'c',
      'd',
      'e',
      'f',
    ]);
    const counted = await search.search(tenant, ENGLISH, {
      text: 'lantern',
      without: ['a', 'c'],
      facets: ['tags'],
      limit: 1,
    });
    assert.deepEqual(
      [counted.total, counted.facets['tags']],
      [
        4,
        [
          { value: 'new', count: 3 },
          { value: 'sale', count: 1 },
        ],
      ],
    );
    const slip = await search.search(tenant, ENGLISH, { text: 'lantren', boosts, without: ['c'], limit: 10 });
    assert.deepEqual([slip.similar, slip.ids[0], slip.ids.at(-1), slip.ids.length], [true, 'd', 'e', 5]);
    await assert.rejects(
      search.search(tenant, ENGLISH, { text: 'lantern', limit: 2, after: counted.next ?? '' }),
      { code: 'invalid_input' },
      'a page of another order',
    );
  });

  test(`${adapter}: the newest version stays, in whatever order they come, and what is gone stays gone`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    const titled = async (text: string) => (await search.search(tenant, ENGLISH, { text, limit: 10 })).total;
    await search.write(tenant, ENGLISH, [product('k', 'Second', { version: 2 })]);
    await search.write(tenant, ENGLISH, [product('k', 'First', { version: 1 }), product('l', 'Beside')]);
    assert.deepEqual([await titled('second'), await titled('first'), await titled('beside')], [1, 0, 1]);
    await search.remove(tenant, ENGLISH, [{ id: 'k', version: 3 }]);
    await search.write(tenant, ENGLISH, [product('k', 'Second', { version: 2 })]);
    assert.equal(await titled('second'), 0);
    await search.remove(tenant, ENGLISH, [
      { id: 'k', version: 3 },
      { id: 'never', version: 1 },
    ]);
    await search.write(tenant, ENGLISH, [product('k', 'Fourth', { version: 4 })]);
    assert.equal(await titled('fourth'), 1);
  });

  test(`${adapter}: of two who write or remove the same, whoever is done first may tell that it is so`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant] = tenants;
    const total = async () => (await search.search(tenant, ENGLISH, { text: 'twice', limit: 10 })).total;
    const write = () => search.write(tenant, ENGLISH, [product('k', 'Twice')]);
    const writes = [write(), write()];
    await Promise.any(writes);
    assert.equal(await total(), 1);
    await Promise.all(writes);
    const remove = () => search.remove(tenant, ENGLISH, [{ id: 'k', version: 2 }]);
    const removals = [remove(), remove()];
    await Promise.any(removals);
    assert.equal(await total(), 0);
    await Promise.all(removals);
  });

  test(`${adapter}: tenants do not find each other's, nor write over it, whatever they ask`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [one, two] = tenants;
    await search.write(one, ENGLISH, [product('k', 'Mine', { keywords: { type: ['x'] } })]);
    await search.write(two, ENGLISH, [product('k', 'Theirs', { version: 9 })]);
    await search.remove(two, ENGLISH, [{ id: 'k', version: 10 }]);
    const page = await search.search(one, ENGLISH, { facets: ['type'], limit: 10 });
    assert.deepEqual([page.ids, page.total], [['k'], 1]);
    const theirs = await search.search(two, ENGLISH, { text: 'mine', facets: ['type'], limit: 10 });
    assert.deepEqual([theirs.ids, theirs.total], [[], 0]);
    for (const text of [
      'mine) OR (*',
      'tenant:*',
      '"',
      '\\\\',
      '* OR _exists_:title',
      "'; drop table x",
      '!',
      '&|',
      '',
    ])
      assert.deepEqual((await search.search(two, ENGLISH, { text, limit: 10 })).ids, [], text);
    await assert.rejects(search.search('../x', ENGLISH, { limit: 1 }));
    await assert.rejects(search.search(one, { name: "x' or '1", locales: ['en'] }, { limit: 1 }), {
      code: 'invalid_input',
    });
    await assert.rejects(search.search(one, ENGLISH, { facets: ["a'b"], limit: 1 }), {
      code: 'invalid_input',
    });
  });

  test(`${adapter}: an index is made anew while it is written and searched: nothing is lost, nothing is left over`, async () => {
    const { search, tenants } = await open(['en', 'en']);
    const [tenant, beside] = tenants;
    await search.write(beside, ENGLISH, [product('k', 'Neighbour')]);
    await search.write(tenant, ENGLISH, [product('left', 'Left over')]);
    const truth = new Map<string, SearchDocument>(
      Array.from({ length: 300 }, (_, n) => [`p${n}`, product(`p${n}`, `Thing ${n}`)] as const),
    );
    await search.write(tenant, ENGLISH, [...truth.values()]);
    let asked = 0;
    async function* all(): AsyncGenerator<readonly SearchDocument[]> {
      // Read at once, as a transaction would: what changes meanwhile comes by `write` alone.
      const snapshot = [...truth.values()];
      for (let n = 0; n < snapshot.length; n += 100) {
        yield snapshot.slice(n, n + 100);
        const changed = product(`p${n}`, `Changed ${n}`, { version: 2 });
        truth.set(changed.id, changed);
        await search.write(tenant, ENGLISH, [changed]);
        await search.write(tenant, ENGLISH, [product(`new${n}`, 'Fresh')]);
        truth.set(`new${n}`, product(`new${n}`, 'Fresh'));
        await search.remove(tenant, ENGLISH, [{ id: `p${n + 1}`, version: 2 }]);
        truth.delete(`p${n + 1}`);
        const meanwhile = await search.search(tenant, ENGLISH, { text: 'thing', limit: 1 });
        assert.ok(meanwhile.total > 200, `it is searched meanwhile: ${meanwhile.total}`);
        asked += 1;
      }
    }
    assert.equal(await search.rebuild(tenant, ENGLISH, all()), 300);
    const { serving, wanted } = await search.origin(tenant, ENGLISH);
    assert.equal(serving, wanted);
    assert.equal(asked, 3);
    const { ids, total } = await search.search(tenant, ENGLISH, { limit: 500 });
    assert.equal(total, truth.size);
    assert.deepEqual(ids.toSorted(), [...truth.keys()].toSorted());
    assert.equal((await search.search(tenant, ENGLISH, { text: 'changed', limit: 1 })).total, 3);
    assert.equal((await search.search(beside, ENGLISH, { limit: 1 })).total, 1);
  });
}
