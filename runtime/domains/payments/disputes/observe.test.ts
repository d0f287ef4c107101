import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { observeDispute, type DisputeNews } from './observe.ts';
import type { DisputeStatus } from './schemas.ts';

const end = fc.constantFrom<DisputeStatus>('won', 'lost');
/** One dispute's life, and how it may be told: every look at least once, again, and in any order. */
const telling = fc
  .record({
    reviewed: fc.boolean(),
    end: fc.option(end, { nil: undefined }),
    order: fc.array(fc.nat(1_000), { minLength: 9, maxLength: 9 }),
  })
  .map(({ reviewed, end: ended, order }) => {
    const life: DisputeStatus[] = ['needs_response'];
    if (reviewed) life.push('under_review');
    if (ended !== undefined) life.push(ended);
    const told = [...life, ...life, ...life]
      .map((status, at) => ({ status, key: order[at] ?? 0 }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ status }) => status);
    return { life, told };
  });

describe('observing a dispute', () => {
  it('ends as it ended, and tells of each thing at most once, however it is told', () => {
    fc.assert(
      fc.property(telling, ({ life, told }) => {
        let status: DisputeStatus | undefined;
        const news: DisputeNews[] = [];
        for (const seen of told) {
          const now = observeDispute(status, { status: seen });
          status = now.status;
          news.push(...now.news);
        }
        assert.equal(status, life.at(-1));
        assert.equal(new Set(news).size, news.length, news.join());
        assert.equal(news[0], 'opened');
        const last = life.at(-1);
        if (last === 'won' || last === 'lost') assert.equal(news.at(-1), last);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not win what was lost', () => {
    assert.deepEqual(observeDispute('lost', { status: 'won' }), { status: 'lost', news: [] });
  });
});
