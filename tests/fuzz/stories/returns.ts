/** Goods that come back: for money, or for others. */
import { latest, paid, stocked } from './buying.ts';
import type { Guide, Said } from './telling.ts';

export async function anOrderThatComesBack(guide: Guide): Promise<void> {
  const { ask } = guide;
  const { orderId, token, variantId } = await paid(guide);
  const { id: fulfilmentId } = latest(
    (
      await ask('orders.createFulfilment', {
        path: { orderId },
        json: { lines: [{ variantId, quantity: 2 }] },
      })
    ).fulfilments,
  );
  await ask('orders.updateFulfilment', { path: { orderId, fulfilmentId }, json: { delivered: true } });
  const one = { lines: [{ variantId, quantity: 1, reason: 'damaged' }] };
  const mine = { path: { orderId }, query: { token } };
  const last = async (asked: Promise<Said>) => latest((await asked).returns).id as string;
  const withdrawn = await last(ask('orders.askReturn', { ...mine, json: one }));
  await ask('orders.withdrawReturn', { path: { orderId, returnId: withdrawn }, query: { token } });
  const declined = await last(ask('orders.askReturn', { ...mine, json: one }));
  await ask('orders.declineReturn', {
    path: { orderId, returnId: declined },
    json: { answer: 'It is used.' },
  });
  const asked = await last(ask('orders.askReturn', { ...mine, json: one }));
  await ask('orders.authoriseReturn', { path: { orderId, returnId: asked }, json: { answer: 'Send it.' } });
  const returnId = await last(ask('orders.createReturn', { path: { orderId }, json: one }));
  for (const id of [asked, returnId]) {
    const path = { orderId, returnId: id };
    await ask('orders.receiveReturn', { path });
    const lines = [{ variantId, accepted: 1, restock: 1 }];
    await ask('orders.inspectReturn', { path, json: { lines } });
    await ask('orders.refundReturn', { path, json: {} });
  }
}

export async function anExchange(guide: Guide): Promise<void> {
  const { ask } = guide;
  const { orderId, token, variantId } = await paid(guide);
  const other = await stocked(guide);
  const path = { orderId };
  await ask('orders.createFulfilment', { path, json: {} });
  const back = [{ variantId, quantity: 1 }];
  const exchange = { lines: [{ variantId: other.variantId, quantity: 1 }] };
  await ask('orders.previewMyExchange', { path, query: { token }, json: { back, exchange } });
  await ask('orders.previewExchange', { path, json: { back, exchange: { ...exchange, fee: 100 } } });
  const lines = back.map((units) => ({ ...units, reason: 'too_small' }));
  const { id: returnId } = latest(
    (await ask('orders.createReturn', { path, json: { lines, exchange } })).returns,
  );
  const ofReturn = { path: { orderId, returnId } };
  await ask('orders.receiveReturn', ofReturn);
  await ask('orders.inspectReturn', {
    ...ofReturn,
    json: { lines: [{ variantId, accepted: 1, restock: 1 }] },
  });
  await ask('orders.refundReturn', { ...ofReturn, json: {} });
}
