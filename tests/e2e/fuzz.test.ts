/**
 * A short piece of what `npm run fuzz:api` does for as long as one likes: whatever is asked of a whole shop, it answers as its description
 * says, tells nobody of another shop, and lives.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fuzz } from '../fuzz/campaign.ts';
import { neverAnswered, told } from '../fuzz/report.ts';
import { startFuzzedShop, type FuzzedShop } from '../fuzz/shop.ts';

let shop: FuzzedShop;
before(async () => {
  shop = await startFuzzedShop();
});
after(() => shop.stop());

test('600 requests, as they should be and as they should not, are all answered as described', async () => {
  const { findings, tallies, requests } = await fuzz(shop, {
    seed: 20_261_126,
    milliseconds: 240_000,
    requests: 600,
    // One: which ids are known at which turn must not depend on who was faster.
    workers: 1,
    answerMs: 120_000,
    memoryBytes: 1e9,
  });
  assert.deepEqual(findings.map(told), []);
  const answered = tallies.size - neverAnswered(tallies).length;
  assert.ok(answered > tallies.size / 4, `${answered} of ${tallies.size} operations were answered as wished`);
  assert.ok(requests > tallies.size, 'there was time to ask');
});
