import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { owedBy, settle, type Balance } from './money.ts';

const PAID: Balance = { total: 100, lowered: 0, gift: 0, outside: 0, credited: 0, captured: 100 };

describe('the money of an edited order', () => {
  const cases: readonly [name: string, before: Balance, total: number, outside: boolean, after: object][] = [
    ['dearer', PAID, 130, false, { lowered: 0, outside: 0, credited: 0, owed: 30, refund: 0 }],
    [
      'dearer, and paid in cash',
      PAID,
      130,
      true,
      { lowered: 0, outside: 30, credited: 0, owed: 0, refund: 0 },
    ],
    ['cheaper', PAID, 70, false, { lowered: 30, outside: 0, credited: 0, owed: 0, refund: 30 }],
    ['the same', PAID, 100, false, { lowered: 0, outside: 0, credited: 0, owed: 0, refund: 0 }],
    [
      'cheaper while something is owed',
      { ...PAID, total: 130 },
      110,
      false,
      { lowered: 0, outside: 0, credited: 0, owed: 10, refund: 0 },
    ],
    [
      'cheaper by more than is owed',
      { ...PAID, total: 130 },
      80,
      false,
      { lowered: 20, outside: 0, credited: 0, owed: 0, refund: 20 },
    ],
    [
      'dearer again, after it was cheaper',
      { ...PAID, total: 70, lowered: 30 },
      90,
      false,
      { lowered: 30, outside: 0, credited: 0, owed: 20, refund: 0 },
    ],
    [
      'cheaper, paid in cash or not',
      { ...PAID, total: 130 },
      120,
      true,
      { lowered: 0, outside: 20, credited: 0, owed: 0, refund: 0 },
    ],
  ];
  for (const [name, before, total, outside, after] of cases) {
    it(name, () => assert.deepEqual(settle(before, total, outside), after));
  }

  it('is all accounted for after any edits and payments', () => {
    const deed = fc.oneof(
      fc.record({ total: fc.nat(500), outside: fc.boolean() }),
      fc.constant('pay' as const),
      fc.record({ giveBack: fc.nat(200) }),
    );
    const start = fc.record({ gift: fc.nat(50), outside: fc.nat(50), captured: fc.nat(200) });
    fc.assert(
      fc.property(start, fc.array(deed, { maxLength: 20 }), (paid, deeds) => {
        let balance: Balance = {
          ...paid,
          total: paid.gift + paid.outside + paid.captured,
          lowered: 0,
          credited: 0,
        };
        let [returned, refunded] = [0, 0];
        const worth = () => balance.gift + balance.outside + balance.captured - refunded;
        for (const done of deeds) {
          if (done === 'pay') {
            balance = { ...balance, captured: balance.captured + owedBy(balance) };
          } else if ('giveBack' in done) {
            // Out of kindness: the order is worth what it was.
            const given = Math.min(done.giveBack, worth());
            returned += given;
            refunded += given;
          } else {
            const { lowered, outside, owed, refund } = settle(balance, done.total, done.outside);
            balance = { ...balance, total: done.total, lowered, outside };
            assert.equal(owed, owedBy(balance));
            assert.ok(refund === 0 || owed === 0, 'nobody pays and is paid back at once');
            refunded += Math.min(refund, worth());
          }
          assert.ok(owedBy(balance) >= 0);
          // What was paid, less what went back, is what it comes to, less what is still owed, less what was given away.
          assert.ok(worth() >= 0);
          if (returned === 0) assert.equal(worth(), balance.total - owedBy(balance));
        }
      }),
    );
  });
});
