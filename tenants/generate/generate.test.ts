/** Holds the committed catalogues to their lists, and the lists to what the brief of a sample shop asks. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { filesOf } from './files.ts';
import { acme } from './lists/acme.ts';
import { fjord } from './lists/fjord.ts';
import { sakura } from './lists/sakura.ts';

for (const shop of [acme, sakura, fjord]) {
  const folder = new URL(`../${shop.name}/`, import.meta.url);
  const files = filesOf(shop);

  test(`${shop.name}: the committed files are what its list generates (run node tenants/generate/main.ts)`, async () => {
    for (const [name, text] of files) assert.equal(await readFile(new URL(name, folder), 'utf8'), text, name);
    const images = (await readdir(new URL('images/', folder))).map((name) => `images/${name}`);
    assert.deepEqual(
      images.filter((name) => !files.has(name)),
      [],
    );
  });

  test(`${shop.name}: sixty products or more, in six to nine collections, with unique handles and titles`, () => {
    assert.ok(shop.items.length >= 60);
    const collections = new Set(shop.items.map((item) => item.collection));
    assert.ok(collections.size >= 5 && collections.size <= 9, [...collections].join());
    for (const key of ['handle', 'title', 'story'] as const) {
      assert.equal(
        new Set(shop.items.map((item) => item[key])).size,
        shop.items.length,
        `${key} is not unique`,
      );
    }
  });

  test(`${shop.name}: every picture is small, and every scene belongs to a product`, () => {
    for (const [name, text] of files) {
      if (name.endsWith('.svg'))
        assert.ok(Buffer.byteLength(text) < 4096, `${name}: ${Buffer.byteLength(text)} bytes`);
    }
  });
}

test('yen has no minor digits, the other currencies have two', () => {
  const prices = (shop: typeof acme, column: string): string[] => {
    const [head = '', ...rows] = (filesOf(shop).get('catalog.csv') ?? '').trimEnd().split('\n');
    const at = head.split(',').indexOf(column);
    // Only rows without quotes can be split at commas; they are the variants after the first.
    return rows
      .filter((row) => !row.includes('"'))
      .map((row) => row.split(',')[at] ?? '')
      .filter((cell) => cell !== '');
  };
  assert.ok(prices(sakura, 'Variant Price').every((price) => /^\d+$/.test(price)));
  assert.ok(prices(sakura, 'Price / USD').every((price) => /^\d+\.\d\d$/.test(price)));
  assert.ok(prices(fjord, 'Variant Price').every((price) => /^\d+\.\d\d$/.test(price)));
});
