import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SIZES } from '../../../runtime/platform/pictures/form.ts';
import { sharedAddress, sourcesOf } from './pictures.ts';

const PLACE = { shape: 4 / 5, widths: [['(min-width: 64rem)', '25vw']], otherwise: '50vw' } as const;
const url = '/api/catalog/media/med_1';

test('a browser has widths to choose from, up to the picture’s own', () => {
  assert.deepEqual(sourcesOf({ url, width: 800, height: 1_000 }, PLACE), {
    src: `${url}?w=960`,
    srcSet: `${url}?w=128 128w, ${url}?w=256 256w, ${url}?w=480 480w, ${url}?w=640 640w, ${url}?w=960 800w`,
    sizes: '(min-width: 64rem) 25vw, 50vw',
  });
  assert.match(
    sourcesOf({ url, width: 800, height: 1_000 }, PLACE, 'avif').srcSet,
    /\?w=128&format=avif 128w, /,
  );
});

test('a picture that is broader than its box asks for as much more as is cut away', () => {
  assert.equal(
    sourcesOf({ url, width: 1_600, height: 1_000 }, PLACE).sizes,
    '(min-width: 64rem) calc(25vw * 2), calc(50vw * 2)',
  );
});

test('where nobody knows how large a picture is, every step is offered', () => {
  const { srcSet, sizes } = sourcesOf({ url }, PLACE);
  assert.equal(srcSet.split(', ').length, 8);
  assert.equal(sizes, '(min-width: 64rem) 25vw, 50vw');
});

test('every step is one of the API’s ladder, no two are alike, and none promises more than there is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 1, max: 9_000 }), (width, height) => {
      const steps = sourcesOf({ url, width, height }, PLACE).srcSet.split(', ');
      const asked = steps.map((step) => Number(/w=(\d+)/.exec(step)?.[1]));
      const promised = steps.map((step) => Number(/ (\d+)w$/.exec(step)?.[1]));
      assert.ok(asked.every((one) => SIZES.some((size) => size === one)));
      assert.ok(promised.every((one, at) => one <= width && one > (promised[at - 1] ?? 0)));
    }),
  );
});

test('pages elsewhere get a JPEG', () => {
  assert.equal(sharedAddress({ url }), `${url}?w=1280&format=jpeg`);
});
