import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { languageOf } from './language.ts';
import { clashIn, merged, wordsFor } from './words.ts';

const shop = { locales: ['en', 'de', 'pt-BR'] };

describe('which language a shopper reads', () => {
  it('is what the request names, else what the browser prefers, else what the shop is written in', () => {
    assert.equal(languageOf(shop, 'de', 'pt-BR'), 'de');
    assert.equal(languageOf(shop, 'DE', undefined), 'de');
    assert.equal(languageOf(shop, undefined, 'fr, de;q=0.5, en;q=0.8'), undefined);
    assert.equal(languageOf(shop, undefined, 'de;q=0.9, en;q=0.8'), 'de');
    assert.equal(languageOf(shop, undefined, 'fr, *'), undefined);
    assert.equal(languageOf(shop, undefined, undefined), undefined);
  });

  it('may be a near one', () => {
    assert.equal(languageOf(shop, 'de-AT', undefined), 'de');
    assert.equal(languageOf(shop, undefined, 'pt'), 'pt-BR');
    assert.equal(languageOf(shop, 'en-GB', 'de'), undefined);
  });

  it('is one of the shop’s whatever is asked, and never the first by name', () => {
    fc.assert(
      fc.property(
        fc.option(fc.string(), { nil: undefined }),
        fc.option(fc.string(), { nil: undefined }),
        (asked, header) => {
          const found = languageOf(shop, asked, header);
          assert.ok(found === undefined || shop.locales.slice(1).includes(found));
        },
      ),
    );
    assert.equal(languageOf(shop, undefined, 'de;q=0, en;q=x'), undefined);
  });
});

describe('options in another language', () => {
  const texts = [{ of: 'Colour', as: 'Farbe', values: [{ of: 'Blue', as: 'Blau' }] }];

  it('are called as they are where nothing else is said', () => {
    const words = wordsFor(texts);
    assert.equal(words.name('Colour'), 'Farbe');
    assert.equal(words.name('Size'), 'Size');
    assert.equal(words.value('Colour', 'Blue'), 'Blau');
    assert.equal(words.value('Size', 'Blue'), 'Blue');
    assert.equal(words.value('constructor', 'toString'), 'toString');
  });

  it('may not be called the same', () => {
    const options = [{ name: 'Colour', values: ['Blue', 'Blau'] }];
    assert.equal(clashIn(options, texts), 'Blau');
    assert.equal(clashIn([{ name: 'Colour', values: ['Blue', 'Red'] }], texts), undefined);
    assert.equal(
      clashIn(
        [
          { name: 'Farbe', values: [] },
          { name: 'Colour', values: [] },
        ],
        texts,
      ),
      'Farbe',
    );
  });

  it('leave other languages as they are when one is said or taken out', () => {
    assert.deepEqual(merged({ de: 1, fr: 2 }, { de: 3 }), { de: 3, fr: 2 });
    assert.deepEqual(merged({ de: 1, fr: 2 }, { de: null }), { fr: 2 });
    assert.deepEqual(merged<number>(undefined, undefined), {});
  });
});
