/** What every documents adapter must keep: whole bodies, versions that tell writers apart, pages without gaps, nobody else's documents. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CollectionDefinition } from '../definition.ts';
import { ShopError } from '../errors.ts';
import type { DocumentPage, Documents, DocumentQuery, JsonObject } from '../ports.ts';

/** What the suite's adapters are opened with. */
export const COLLECTIONS: readonly CollectionDefinition[] = [
  { name: 'content.page', indexed: ['author', 'rank', 'live'] },
  { name: 'content.draft', indexed: ['author'] },
];

const PAGE = 'content.page';

/** Registers the suite. @param open the same store each time */
export function documentsContract(adapter: string, open: () => Documents): void {
  let names = 0;
  /** A tenant that no test has used. */
  const fresh = (): string => `t${process.pid}-${names++}`;
  const ids = ({ documents }: DocumentPage): string[] => documents.map(({ id }) => id);

  test(`${adapter}: what was put comes back, under a version that every write changes, until it is deleted`, async () => {
    const [documents, tenant] = [open(), fresh()];
    assert.equal(await documents.get(tenant, PAGE, 'p'), undefined);
    const one = await documents.put(tenant, PAGE, 'p', { title: 'One' });
    const two = await documents.put(tenant, PAGE, 'p', { title: 'Two', 'ü 😀': [1, { deep: null }] });
    assert.notEqual(one, two);
    assert.deepEqual(await documents.get(tenant, PAGE, 'p'), {
      id: 'p',
      version: two,
      body: { title: 'Two', 'ü 😀': [1, { deep: null }] },
    });
    assert.equal(await documents.get(tenant, 'content.draft', 'p'), undefined, 'collections are apart');
    await documents.delete(tenant, PAGE, 'p');
    await documents.delete(tenant, PAGE, 'p');
    assert.equal(await documents.get(tenant, PAGE, 'p'), undefined);
  });

  test(`${adapter}: any JSON comes back as it was put`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((one) => !one.includes('\0'));
    const name = text.filter(
      (one) => one !== '' && !one.startsWith('$') && !one.includes('.') && one !== '__proto__',
    );
    const { body } = fc.letrec<{ value: JsonObject[string]; body: JsonObject }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        text,
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one)),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        tie('body'),
      ),
      body: fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    }));
    await fc.assert(
      fc.asyncProperty(body, async (given) => {
        await documents.put(tenant, PAGE, 'any', given);
        assert.deepEqual((await documents.get(tenant, PAGE, 'any'))?.body, given);
      }),
      { numRuns: 60 },
    );
  });

  test(`${adapter}: of writers that expect the same version one wins, and a version never comes back`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const race = async (expected: string): Promise<string> => {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) => documents.put(tenant, PAGE, 'p', { n }, expected)),
      );
      const won = tries.filter((one) => one.status === 'fulfilled');
      for (const one of tries)
        if (one.status === 'rejected') assert.equal(codeOf(one.reason), 'conflict', String(one.reason));
      assert.equal(won.length, 1);
      return won[0]?.value ?? assert.fail();
    };
    const first = await race('absent');
    const second = await race(first);
    assert.equal((await documents.get(tenant, PAGE, 'p'))?.version, second);
    await assert.rejects(documents.delete(tenant, PAGE, 'p', first), { code: 'conflict' });
    await documents.delete(tenant, PAGE, 'p', second);
    await assert.rejects(documents.put(tenant, PAGE, 'p', {}, second), { code: 'conflict' });
    await documents.put(tenant, PAGE, 'p', {}, 'absent');
    await assert.rejects(documents.put(tenant, PAGE, 'p', {}, second), { code: 'conflict' });
  });

  test(`${adapter}: writers that expect nothing all write, at the same time and on nothing too`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const versions = await Promise.all(
      Array.from({ length: 12 }, (_, n) => documents.put(tenant, PAGE, 'p', { author: `a${n}` })),
    );
    const left = await documents.get(tenant, PAGE, 'p');
    assert.equal(versions.indexOf(left?.version ?? '') >= 0, true);
    const found = await documents.find(tenant, PAGE, {
      where: { author: String(left?.body['author']) },
      limit: 10,
    });
    assert.deepEqual(found.documents, [left], 'it is found by what was written last, and by nothing else');
    for (let n = 0; n < 12; n++) {
      if (`a${n}` === left?.body['author']) continue;
      assert.deepEqual(
        (await documents.find(tenant, PAGE, { where: { author: `a${n}` }, limit: 10 })).documents,
        [],
      );
    }
  });

  test(`${adapter}: it is found by what indexed fields equal, types told apart, and by the present body only`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const find = async (where: DocumentQuery['where']): Promise<string[]> =>
      ids(await documents.find(tenant, PAGE, { where, limit: 100 }));
    await documents.put(tenant, PAGE, 'a', { author: 'ann', rank: 1, live: true });
    await documents.put(tenant, PAGE, 'b', { author: 'ann', rank: 1.5, live: false });
    await documents.put(tenant, PAGE, 'c', { author: 'bob', rank: '1', live: 'true', other: 'ann' });
    await documents.put(tenant, PAGE, 'd', { author: ['ann'], rank: null, live: { ann: true } });
    assert.deepEqual(await find({}), ['a', 'b', 'c', 'd']);
    assert.deepEqual(await find({ author: 'ann' }), ['a', 'b']);
    assert.deepEqual(await find({ rank: 1 }), ['a']);
    assert.deepEqual(await find({ rank: '1' }), ['c']);
    assert.deepEqual(await find({ live: true }), ['a']);
    assert.deepEqual(await find({ author: 'ann', live: false, rank: 1.5 }), ['b']);
    assert.deepEqual(await find({ author: 'ann', rank: 2 }), []);
    await documents.put(tenant, PAGE, 'a', { author: 'eve' });
    await documents.delete(tenant, PAGE, 'b');
    assert.deepEqual(await find({ author: 'ann' }), []);
    assert.deepEqual(await find({ rank: 1 }), []);
    assert.deepEqual(await find({ author: 'eve' }), ['a']);
    const draft = await documents.find(tenant, 'content.draft', { where: { author: 'eve' }, limit: 1 });
    assert.deepEqual(draft.documents, []);
  });

  test(`${adapter}: pages go by the bytes of ids and meet what is there throughout exactly once`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const all = ['A', 'Z', 'a', 'a-b', 'a.b', 'a:b', 'aB', 'a_b', 'b1', 'b10', 'b2'].toSorted();
    for (const id of all) await documents.put(tenant, PAGE, id, { author: 'ann' });
    for (const where of [{}, { author: 'ann' }]) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await documents.find(tenant, PAGE, {
          where,
          limit: 3,
          ...(after === undefined ? {} : { after }),
        });
        seen.push(...ids(page));
        after = page.next;
        // What comes and goes meanwhile moves nobody else.
        await documents.put(tenant, PAGE, '0', { author: 'ann' });
        await documents.delete(tenant, PAGE, '0');
      } while (after !== undefined);
      assert.deepEqual(seen, all);
    }
    const whole = await documents.find(tenant, PAGE, { where: {}, limit: all.length });
    assert.equal(whole.next, undefined, 'a page that is just full has no next');
  });

  test(`${adapter}: nobody sees, finds, replaces or deletes another tenant's documents`, async () => {
    const [documents, mine, theirs] = [open(), fresh(), fresh()];
    const version = await documents.put(mine, PAGE, 'p', { author: 'ann' });
    assert.equal(await documents.get(theirs, PAGE, 'p'), undefined);
    assert.deepEqual(
      (await documents.find(theirs, PAGE, { where: { author: 'ann' }, limit: 10 })).documents,
      [],
    );
    await assert.rejects(documents.put(theirs, PAGE, 'p', {}, version), { code: 'conflict' });
    await documents.put(theirs, PAGE, 'p', { author: 'eve' });
    await documents.delete(theirs, PAGE, 'p');
    assert.deepEqual(await documents.get(mine, PAGE, 'p'), { id: 'p', version, body: { author: 'ann' } });
  });

  test(`${adapter}: what is no document, no question or no tenant is refused before it is sent`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const put = (body: unknown): Promise<string> =>
      // Callers without types exist.
      documents.put(tenant, PAGE, 'p', body as JsonObject);
    for (const body of [
      { $set: 1 },
      { 'a.b': 1 },
      { a: [{ $gt: '' }] },
      { '': 1 },
      { a: '\0' },
      { a: '\ud800' },
      { a: NaN },
      { a: undefined },
      { a: new Date() },
      { a: 1n },
      JSON.parse('{"__proto__":1}'),
      { a: { _bsontype: 'ObjectId' } },
      { author: 'x'.repeat(257) },
      deep(100),
    ]) {
      await assert.rejects(put(body), { code: 'invalid_input' });
    }
    await assert.rejects(put({ a: 'x'.repeat(1024 * 1024) }), { code: 'too_large' });
    for (const id of ['', '.', 'a/b', 'a b', 'a'.repeat(129), 'ü', '-a'])
      await assert.rejects(documents.put(tenant, PAGE, id, {}), { code: 'invalid_input' });
    await assert.rejects(documents.get(tenant, 'content.other', 'p'), { code: 'invalid_input' });
    const find = (query: DocumentQuery): Promise<DocumentPage> => documents.find(tenant, PAGE, query);
    await assert.rejects(find({ where: { title: 'x' }, limit: 1 }), { code: 'invalid_input' });
    await assert.rejects(find({ where: {}, limit: 0 }), { code: 'invalid_input' });
    await assert.rejects(find({ where: {}, limit: 1, after: '$x' }), { code: 'invalid_input' });
    const operator = { author: { $ne: '' } } as unknown as DocumentQuery['where'];
    await assert.rejects(find({ where: operator, limit: 1 }), { code: 'invalid_input' });
    for (const name of ['A', '*', '', "a' or 1=1", 'a/b'])
      await assert.rejects(documents.get(name, PAGE, 'p'), { code: 'invalid_input' });
    assert.equal(await documents.get(tenant, PAGE, 'p'), undefined);
  });

  test(`${adapter}: the largest body that is taken comes back`, async () => {
    const [documents, tenant] = [open(), fresh()];
    const body = { text: 'x'.repeat(1024 * 1024 - 11) };
    assert.equal(JSON.stringify(body).length, 1024 * 1024);
    await documents.put(tenant, PAGE, 'large', body);
    assert.deepEqual((await documents.get(tenant, PAGE, 'large'))?.body, body);
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof ShopError ? error.code : undefined;
}

function deep(levels: number): unknown {
  return levels === 0 ? 1 : { a: deep(levels - 1) };
}
