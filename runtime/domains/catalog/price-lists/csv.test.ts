import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ShopError } from '../../../platform/errors.ts';
import { headLine, linesOf, MOST_ROWS, pricesOf, readRows } from './csv.ts';

const KNOWN = new Set(['var_1', 'var_2', 'var_3']);
const SKUS = new Map([
  ['ONE', ['var_1']],
  ['TWICE', ['var_2', 'var_3']],
]);

function read(text: string, currency = 'EUR') {
  return pricesOf(readRows(Buffer.from(text), currency), KNOWN, SKUS);
}

describe('a price list as a CSV', () => {
  it('names variants by id or SKU, and steps in any order', () => {
    const { prices, problems } = read(
      'Variant SKU,Variant ID,From,Price\nONE,,10,17.50\n,var_2,,5\nONE,,1,19.90\n',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(prices, [
      {
        variantId: 'var_1',
        steps: [
          { from: 1, amount: 1990 },
          { from: 10, amount: 1750 },
        ],
      },
      { variantId: 'var_2', steps: [{ from: 1, amount: 500 }] },
    ]);
  });

  it('tells what is wrong with its line, and leaves a variant with a wrong row as it is', () => {
    const { prices, named, problems } = read(
      [
        'Variant ID,Variant SKU,From,Price',
        'var_1,,1,20.00',
        'var_1,,ten,10.00',
        'var_2,,1,cheap',
        'nobody,,1,1.00',
        ',TWICE,1,1.00',
        ',NONE,1,1.00',
        ',,1,1.00',
        'var_3,,1,5.00',
        'var_3,,2,6.00',
      ].join('\n'),
    );
    assert.deepEqual(prices, []);
    assert.deepEqual([...named].toSorted(), ['var_1', 'var_2', 'var_3']);
    assert.deepEqual(
      problems.map(({ line, column }) => [line, column]),
      [
        [3, 'From'],
        [4, 'Price'],
        [5, 'Variant ID'],
        [6, 'Variant SKU'],
        [7, 'Variant SKU'],
        [8, 'Variant ID'],
        [10, 'Price'],
      ],
    );
  });

  it('has prices in the currency of the list only', () => {
    assert.deepEqual(read('Variant ID,From,Price\nvar_1,1,1500\n', 'JPY').prices[0]?.steps, [
      { from: 1, amount: 1500 },
    ]);
    assert.equal(read('Variant ID,From,Price\nvar_1,1,15.50\n', 'JPY').problems.length, 1);
  });

  it('is refused as a whole where it is no such CSV, or too long', () => {
    const refused = (text: string, code: string) =>
      assert.throws(
        () => read(text),
        (error: unknown) => error instanceof ShopError && error.code === code,
      );
    refused('Variant ID,Price\nvar_1,1\n', 'invalid_input');
    refused('From,Price\n1,1\n', 'invalid_input');
    refused('Variant ID,From,Price\n"var_1,1,1\n', 'invalid_input');
    refused(`Variant ID,From,Price\n${'var_1,1,1\n'.repeat(MOST_ROWS + 1)}`, 'too_large');
  });

  it('reads back what it wrote', () => {
    const steps = fc
      .uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 20 })
      .map((marks) =>
        marks.toSorted((a, b) => a - b).map((from, index) => ({ from, amount: 100_000 - 7 * index })),
      );
    const currency = fc.constantFrom('EUR', 'JPY', 'KWD');
    fc.assert(
      fc.property(steps, steps, currency, (one, two, used) => {
        const listed = [
          { variantId: 'var_1', steps: one },
          { variantId: 'var_2', steps: two },
        ];
        const text = listed.map((price) =>
          linesOf({ ...price, productId: 'p', handle: 'a, "b"', sku: null }, used),
        );
        const back = read(headLine() + text.join(''), used);
        assert.deepEqual(back.problems, []);
        assert.deepEqual(back.prices, listed);
      }),
    );
  });
});
