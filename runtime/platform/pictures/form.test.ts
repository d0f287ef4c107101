import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FORMATS, nameOf, PictureQuery, renditionOf, SHAPES, SIZES, type Shown } from './form.ts';

const side = fc.integer({ min: 1, max: 8_000 });
const originals: fc.Arbitrary<Shown> = fc.record({
  width: side,
  height: side,
  mayMove: fc.boolean(),
  contentType: fc.constantFrom('image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif'),
});
const percent = fc.integer({ min: 0, max: 100 });
const queries = fc
  .record(
    {
      w: fc.integer({ min: 1, max: 10_000 }),
      h: fc.integer({ min: 1, max: 10_000 }),
      fit: fc.constantFrom('contain', 'cover'),
      focus: fc.tuple(percent, percent).map((pair) => pair.join(',')),
      format: fc.constantFrom('auto', ...FORMATS),
      q: fc.integer({ min: 1, max: 100 }),
    },
    { requiredKeys: [] },
  )
  .map((query) => PictureQuery.parse(query));
const accepts = fc.constantFrom(undefined, '*/*', 'image/avif,image/webp,*/*;q=0.8', 'image/webp;q=0, */*');

test('nothing is enlarged, whatever is asked for', () => {
  fc.assert(
    fc.property(originals, queries, accepts, (original, query, accept) => {
      const { width, height } = renditionOf(original, query, accept);
      assert.ok(width >= 1 && height >= 1);
      assert.ok(width <= original.width && height <= original.height + 1, `${width}×${height}`);
      assert.ok(Math.max(width, height / 3) <= SIZES[SIZES.length - 1]!);
    }),
  );
});

test('a whole picture keeps its shape to the pixel, and fits where it was asked to', () => {
  fc.assert(
    fc.property(originals, queries, (original, query) => {
      const rendition = renditionOf(original, { ...query, fit: 'contain' }, undefined);
      assert.equal(rendition.focus, undefined);
      const scale = Math.max(rendition.width / original.width, rendition.height / original.height);
      assert.ok(
        Math.abs(rendition.width - Math.max(1, original.width * scale)) <=
          1 + original.width / original.height,
      );
      assert.ok(
        Math.abs(rendition.height - Math.max(1, original.height * scale)) <=
          1 + original.height / original.width,
      );
    }),
  );
});

test('one that is cut has one of the shapes, the nearest to what was asked for', () => {
  fc.assert(
    fc.property(
      originals,
      fc.integer({ min: 1, max: 4_000 }),
      fc.integer({ min: 1, max: 4_000 }),
      (original, w, h) => {
        const { width, height } = renditionOf(
          original,
          PictureQuery.parse({ w, h, fit: 'cover' }),
          undefined,
        );
        const fits = SHAPES.some(
          (shape) => Math.abs(width / shape - height) <= Math.max(1, 0.5 / shape) + 0.5,
        );
        assert.ok(fits, `${width}×${height} for ${w}×${h}`);
      },
    ),
  );
});

test('what is asked for as it was answered is answered the same: a rendition’s size is a fixed point of the ladder', () => {
  fc.assert(
    fc.property(originals, fc.constantFrom(...SIZES), (original, w) => {
      const first = renditionOf(original, PictureQuery.parse({ w }), undefined);
      // The largest edge decides; what was clamped to the original stays there.
      if (first.width !== w) return;
      assert.deepEqual(renditionOf(original, PictureQuery.parse({ w: first.width }), undefined), first);
    }),
  );
});

test('a picture has few renditions: a hundred thousand requests find no more than the ladders have', () => {
  const original: Shown = { width: 4_000, height: 3_000, mayMove: false, contentType: 'image/jpeg' };
  const names = new Set<string>();
  let seed = 7;
  const random = (most: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return 1 + (seed % most);
  };
  for (let n = 0; n < 100_000; n++) {
    const query = PictureQuery.parse({ w: random(10_000), q: random(100), format: 'webp' });
    names.add(nameOf(renditionOf(original, query, undefined)));
  }
  assert.ok(names.size <= SIZES.length * 4, `${names.size}`);
});

test('a name says all: different renditions have different names, and every name is a key of the store', () => {
  const byName = new Map<string, unknown>();
  fc.assert(
    fc.property(originals, queries, accepts, (original, query, accept) => {
      const rendition = renditionOf(original, query, accept);
      const name = nameOf(rendition);
      assert.match(name, /^[a-z0-9][a-z0-9._-]*$/);
      assert.deepEqual(byName.get(name) ?? rendition, rendition);
      byName.set(name, rendition);
    }),
  );
});

test('the browser decides about the format only where nobody else does', () => {
  const jpeg: Shown = { width: 800, height: 600, mayMove: false, contentType: 'image/jpeg' };
  const png: Shown = { ...jpeg, contentType: 'image/png' };
  const format = (shown: Shown, query: object, accept?: string) =>
    renditionOf(shown, PictureQuery.parse(query), accept).format;
  assert.equal(format(jpeg, {}, 'image/avif,image/webp,image/*,*/*;q=0.8'), 'webp');
  assert.equal(format(jpeg, {}, 'image/webp;q=0,image/*'), 'jpeg');
  assert.equal(format(jpeg, {}, '*/*'), 'jpeg');
  assert.equal(format(jpeg, {}), 'jpeg');
  assert.equal(format(png, {}), 'png', 'it may be seen through');
  assert.equal(format(jpeg, { format: 'avif' }, 'image/png'), 'avif');
});

test('parameters that make no sense are refused', () => {
  for (const query of [
    { w: '0' },
    { w: '-1' },
    { w: '1.5' },
    { w: 'x' },
    { h: '99999' },
    { fit: 'fill' },
    { focus: '101,0' },
    { focus: '5' },
    { format: 'bmp' },
    { q: '0' },
    { q: '101' },
  ])
    assert.equal(PictureQuery.safeParse(query).success, false, JSON.stringify(query));
});
