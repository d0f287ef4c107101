import assert from 'node:assert/strict';
import { it } from 'node:test';
import { order, toIntent } from './orders.ts';

const money = (value: string) => ({ currency_code: 'EUR', value });

it('a refund at PayPal that failed or was cancelled is with the shop again', () => {
  const refunds = ['COMPLETED', 'PENDING', 'FAILED', 'CANCELLED'].map((status, index) => ({
    id: `R${index}`,
    status,
    amount: money(`${index + 1}.00`),
  }));
  const intent = toIntent(
    order.parse({
      id: 'ORDER1',
      status: 'COMPLETED',
      purchase_units: [
        {
          amount: money('20.00'),
          payments: {
            captures: [{ id: 'C', status: 'PARTIALLY_REFUNDED', amount: money('20.00') }],
            refunds,
          },
        },
      ],
    }),
  );
  assert.deepEqual([intent.amountCaptured, intent.amountRefunded, intent.amountBounced], [2000, 300, 700]);
});
