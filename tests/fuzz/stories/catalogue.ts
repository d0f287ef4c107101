/** What shoppers and merchants make of products: reviews, wishlists, prices, pictures, and what is sold out. */
import { PNG } from '../pixel.ts';
import { pictureOf } from '../shop.ts';
import { paid, product, stocked } from './buying.ts';
import type { Guide, Said } from './telling.ts';

export async function aReview(guide: Guide): Promise<void> {
  const { ask, until, enter, fresh, origin } = guide;
  const [writer, reader] = [
    await enter(`${fresh('w')}@example.com`),
    await enter(`${fresh('r')}@example.com`),
  ];
  const { orderId, token } = await paid(guide, { as: writer });
  const { lines } = await ask('orders.getOrder', { path: { orderId }, query: { token } });
  const { productId } = lines[0];
  const words = { rating: 4, title: 'Good', body: 'It keeps the rain out.', name: 'Ada' };
  // The catalogue hears of the order a little later.
  const announced = { productId, contentType: 'image/png', size: PNG.length };
  const begun = await until('catalog.beginReviewPicture', { as: writer, json: announced }, () => true);
  const picture = { path: { id: begun.id } };
  const ticket = new URL(begun.destination.url, origin).searchParams.get('ticket');
  await ask('media.putShopperPicture', {
    ...picture,
    query: { ticket },
    bytes: PNG,
    contentType: 'image/png',
  });
  await ask('catalog.finishReviewPicture', { ...picture, as: writer });
  await ask('media.getOwnShopperPicture', { ...picture, as: writer });
  const json = { ...words, productId, pictures: [{ id: begun.id, alt: 'A tent in the rain' }] };
  const written = await ask('catalog.writeReview', { as: writer, json });
  const path = { id: written.id };
  const { version } = await ask('catalog.adminGetReview', { path });
  await ask('catalog.adminDecideReview', { path, json: { version, state: 'published' } });
  await ask('media.getShopperPicture', picture);
  await ask('media.adminGetShopperPicture', picture);
  const one = { ...path, pictureId: begun.id };
  await ask('catalog.adminDecideReviewPicture', { path: one, json: { version, state: 'approved' } });
  await ask('catalog.voteReview', { as: reader, path, json: { helpful: true } });
  await ask('catalog.reportReview', { as: reader, path, json: { reason: 'It is about another tent.' } });
  await ask('catalog.adminAnswerReview', { path, json: { answer: 'Thank you.' } });
  const { reviews } = await ask('catalog.listOwnReviews', { as: writer });
  const own = reviews.find(({ id }: Said) => id === written.id);
  await ask('catalog.editReview', { as: writer, path, json: { ...words, rating: 5, version: own.version } });
  await ask('catalog.withdrawReview', { as: writer, path });
}

export async function aWishlist({ ask, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('wish')}@example.com`);
  const { variantId } = await product(ask, fresh);
  const { id } = await ask('catalog.createWishlist', { as, json: { name: 'For the summer' } });
  const mine = { as, path: { id } };
  await ask('catalog.addToWishlist', { as, path: { id, variantId } });
  await ask('catalog.renameWishlist', { ...mine, json: { name: 'For the autumn' } });
  const { token } = await ask('catalog.shareWishlist', mine);
  await ask('catalog.getSharedWishlist', { path: { token } });
  await ask('catalog.removeFromWishlist', { as, path: { id, variantId } });
  const useless = await ask('catalog.createWishlist', { as, json: { name: 'For nobody' } });
  await ask('catalog.deleteWishlist', { as, path: { id: useless.id } });
}

export async function whatGoesWithIt({ ask, fresh }: Guide): Promise<void> {
  const [one, other] = [await product(ask, fresh), await product(ask, fresh)];
  const path = { id: one.productId };
  const { version } = await ask('catalog.adminGetRelated', { path });
  const crossSell = [{ productId: other.productId, mutual: true }];
  await ask('catalog.adminPutRelated', { path, json: { version, crossSell, upSell: [], accessories: [] } });
}

export async function aPriceList({ ask, fresh }: Guide): Promise<void> {
  const { variantId } = await product(ask, fresh);
  const list = { title: fresh('List'), currency: 'EUR' };
  const { id, version } = await ask('catalog.adminCreatePriceList', { json: list });
  const bytes = Buffer.from(`Handle,Variant SKU,Variant ID,From,Price\n,,${variantId},1,99.00\n`);
  await ask('catalog.adminImportPrices', { path: { id }, bytes, contentType: 'text/csv' });
  const steps = [{ from: 1, amount: 9_000 }];
  await ask('catalog.adminPutPrices', { path: { id }, json: { prices: [{ variantId, steps }] } });
  const changed = await ask('catalog.adminGetPriceList', { path: { id } });
  await ask('catalog.adminUpdatePriceList', {
    path: { id },
    json: { ...list, offBasisPoints: 500, version: changed.version ?? version },
  });
}

/** Of the shop's own sources, where each shop has one. */
export async function aPicture({ ask, fresh, tenant }: Guide): Promise<void> {
  const { images } = await ask('catalog.adminCreateProduct', {
    json: {
      handle: fresh('lamp'),
      title: 'A lamp',
      images: [{ src: pictureOf(tenant), alt: 'A pixel' }],
      variants: [{ prices: [{ amount: 900, currency: 'EUR' }], inventoryQuantity: 1 }],
    },
  });
  await ask('catalog.getMedia', { path: { id: images[0].url.split('/').at(-1) } });
  await ask('catalog.getLogo');
}

export async function somethingSoldOut(guide: Guide): Promise<void> {
  const { ask, until, enter, mailed, fresh } = guide;
  const as = await enter(`${fresh('late')}@example.com`);
  const { variantId } = await stocked(guide);
  const { id } = await ask('catalog.createWishlist', { as, json: { name: 'When it is back' } });
  await ask('catalog.addToWishlist', { as, path: { id, variantId } });
  await ask('orders.adjustStock', { path: { variantId }, json: { onHand: 0 } });
  // The catalogue hears of it a little later.
  const isOut = ({ items }: Said): boolean => items.every(({ available }: Said) => available === false);
  await until('catalog.getWishlist', { as, path: { id } }, isOut);
  await ask('catalog.askStockAlert', { as, json: { variantId } });
  for (const answer of ['confirmStockAlert', 'withdrawLinkedStockAlert']) {
    const email = `${fresh('waits')}@example.com`;
    await ask('catalog.askStockAlert', { json: { variantId, email } });
    const path = { token: await mailed(email, ['alerts']) };
    await ask('catalog.getLinkedStockAlert', { path });
    await ask(`catalog.${answer}`, { path });
  }
  await ask('orders.adjustStock', { path: { variantId }, json: { delta: 5 } });
}
