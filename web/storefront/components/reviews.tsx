/** What customers say of a product: stars at a glance, reviews in pages, and a form for whoever may write one. */
import { ApiError } from '../../api-client/client.ts';
import type { Answer } from '../../api-client/client.ts';
import { Share, Stars } from '../../ui/stars.tsx';
import { button, field, heading, wrap } from '../../ui/styles.ts';
import type { SearchParams } from '../lib/listing.ts';
import { reportReview, voteReview, withdrawReview } from '../lib/review-actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Link } from './link.tsx';
import { ReviewForm } from './review-form.tsx';
import { ReviewGallery } from './review-gallery.tsx';
import { Submit } from './submit.tsx';

type Product = Pick<Answer<'catalog.getProduct'>, 'id' | 'handle' | 'rating' | 'stars'>;
type Review = Answer<'catalog.listReviews'>['reviews'][number];
type Standing = Answer<'catalog.getReviewStanding'>;

const SORTS = ['newest', 'helpful', 'highest', 'lowest'] as const;

interface Props {
  readonly shop: Shop;
  readonly product: Product;
  /** The page's address: which reviews it asks for. */
  readonly query: SearchParams;
}

export async function Reviews({ shop, product, query }: Props) {
  const said = shop.words.reviews;
  const asked = askedOf(query);
  const [page, standing] = await Promise.all([
    product.rating === null
      ? undefined
      : shop.read('catalog.listReviews', { query: { productId: product.id, ...asked } }),
    standingOf(shop, product.id),
  ]);
  return (
    <section id="reviews" aria-labelledby="reviews-title" className={`${wrap} mt-20 lg:mt-28`}>
      <h2 id="reviews-title" className={heading.section}>
        {said.title}
      </h2>
      {query['reported'] === undefined ? null : (
        <p role="status" className="mt-4 rounded-xl bg-sunken p-4">
          {said.thanks}
        </p>
      )}
      <div className="mt-8 grid gap-12 lg:grid-cols-[18rem_1fr] lg:gap-16">
        <div>
          <Summary shop={shop} product={product} asked={asked} />
          <Own shop={shop} product={product} standing={standing} />
        </div>
        {page === undefined ? null : (
          <div>
            <Sorts shop={shop} product={product} asked={asked} pictured={page.pictured} />
            <ul className="divide-y divide-line border-y border-line">
              {page.reviews.map((review) => (
                <li key={review.id} className="py-8" data-testid="review">
                  <Said shop={shop} product={product} review={review} standing={standing} />
                </li>
              ))}
            </ul>
            {page.nextCursor === null ? null : (
              <p className="mt-6">
                <Link
                  href={addressOf(product, { ...asked, cursor: page.nextCursor })}
                  className={button.small}
                >
                  {said.more}
                </Link>
              </p>
            )}
          </div>
        )}
      </div>
    </section>
  );
}

interface Asked {
  readonly sort: (typeof SORTS)[number];
  readonly rating: number | undefined;
  readonly withPictures: 'true' | undefined;
  readonly cursor: string | undefined;
}

/** What makes no sense is left out. */
function askedOf(query: SearchParams): Asked {
  const rating = Number(query['stars']);
  const cursor = query['reviews'];
  return {
    sort: SORTS.find((sort) => sort === query['by']) ?? 'newest',
    rating: Number.isInteger(rating) && rating >= 1 && rating <= 5 ? rating : undefined,
    withPictures: query['pictured'] === 'true' ? 'true' : undefined,
    cursor: typeof cursor === 'string' && /^[\w-]{1,600}$/.test(cursor) ? cursor : undefined,
  };
}

function addressOf({ handle }: Product, { sort, rating, withPictures, cursor }: Asked): string {
  const params = new URLSearchParams({
    ...(sort === 'newest' ? {} : { by: sort }),
    ...(rating === undefined ? {} : { stars: String(rating) }),
    ...(withPictures === undefined ? {} : { pictured: withPictures }),
    ...(cursor === undefined ? {} : { reviews: cursor }),
  });
  const search = params.size === 0 ? '' : `?${params}`;
  return `/products/${encodeURIComponent(handle)}${search}#reviews`;
}

/** Only whoever is logged in is asked about; a session that has ended is no error. */
async function standingOf({ api, loggedIn }: Shop, productId: string): Promise<Standing> {
  const nobody: Standing = { may: 'sign_in', review: null, mostPictures: 0, voted: [] };
  if (!loggedIn) return nobody;
  try {
    return await api.call('catalog.getReviewStanding', { query: { productId } });
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return nobody;
    throw error;
  }
}

function Summary({
  shop: { words, average },
  product,
  asked,
}: {
  readonly shop: Pick<Shop, 'words' | 'average'>;
  readonly product: Product;
  readonly asked: Asked;
}) {
  const said = words.reviews;
  const { rating, stars } = product;
  if (rating === null) return <p className="text-muted">{said.none}</p>;
  return (
    <>
      <p className="flex items-center gap-3">
        <span className="font-display text-4xl tabular-nums">{average(rating.average)}</span>
        <span>
          <Stars of={rating.average} label={said.stars(average(rating.average))} className="h-5" />
          <span className="block text-sm text-muted">{said.count(rating.count)}</span>
        </span>
      </p>
      <ul className="mt-5 grid gap-1.5 text-sm">
        {[5, 4, 3, 2, 1].map((each) => {
          const count = stars[each - 1] ?? 0;
          return (
            <li key={each}>
              <Link
                href={addressOf(product, { ...asked, cursor: undefined, rating: each })}
                aria-label={`${said.only(each)}: ${count}`}
                className="grid grid-cols-[1rem_1fr_2.5rem] items-center gap-3 hover:underline"
              >
                <span className="tabular-nums">{each}</span>
                <Share of={count / rating.count} />
                <span className="text-right text-muted tabular-nums">{count}</span>
              </Link>
            </li>
          );
        })}
      </ul>
      {asked.rating === undefined && asked.withPictures === undefined ? null : (
        <p className="mt-3 text-sm">
          <Link
            href={addressOf(product, {
              ...asked,
              cursor: undefined,
              rating: undefined,
              withPictures: undefined,
            })}
            className="underline underline-offset-4"
          >
            {said.every}
          </Link>
        </p>
      )}
    </>
  );
}

function Sorts({
  shop: { words },
  product,
  asked,
  pictured,
}: {
  readonly shop: Pick<Shop, 'words'>;
  readonly product: Product;
  readonly asked: Asked;
  /** How many reviews have pictures. */
  readonly pictured: number;
}) {
  const { withPictures } = asked;
  const other = withPictures === undefined ? 'true' : undefined;
  return (
    <ul className="mb-4 flex flex-wrap gap-x-5 gap-y-1 text-sm text-muted">
      {SORTS.map((sort) => (
        <li key={sort}>
          <Link
            href={addressOf(product, { ...asked, cursor: undefined, sort })}
            aria-current={sort === asked.sort ? 'true' : undefined}
            className="inline-block py-2 underline-offset-4 hover:underline aria-[current]:text-ink aria-[current]:underline"
          >
            {words.reviews.sort[sort]}
          </Link>
        </li>
      ))}
      {pictured === 0 ? null : (
        <li className="sm:ml-auto">
          <Link
            href={addressOf(product, { ...asked, cursor: undefined, withPictures: other })}
            aria-current={withPictures === undefined ? undefined : 'true'}
            className="inline-block py-2 underline-offset-4 hover:underline aria-[current]:text-ink aria-[current]:underline"
          >
            {words.reviews.withPictures(pictured)}
          </Link>
        </li>
      )}
    </ul>
  );
}

function Own({
  shop: { words },
  product,
  standing: { may, review, mostPictures },
}: {
  readonly shop: Pick<Shop, 'words'>;
  readonly product: Product;
  readonly standing: Standing;
}) {
  const said = words.reviews;
  if (may === 'sign_in')
    return (
      <p className="mt-8">
        <Link
          href={`/account?back=${encodeURIComponent(`/products/${encodeURIComponent(product.handle)}#reviews`)}`}
          className={button.small}
        >
          {said.signIn}
        </Link>
      </p>
    );
  if (may === 'buy_first') return <p className="mt-8 text-sm text-muted">{said.buyFirst}</p>;
  const { rating, heading: title, body, name, send } = said;
  return (
    <div className="mt-8">
      {review === null ? null : (
        <p className="mb-4 text-sm text-muted" data-testid="own-review" data-state={review.state}>
          {review.state === 'published'
            ? said.shown
            : review.state === 'refused'
              ? said.refused(review.reason)
              : said.waiting}
        </p>
      )}
      <details>
        <summary className="cursor-pointer underline underline-offset-4">
          {review === null ? said.write : said.edit}
        </summary>
        <ReviewForm
          product={product.id}
          review={review === null ? undefined : { id: review.id, version: review.version }}
          values={
            review === null
              ? {}
              : {
                  rating: String(review.rating),
                  title: review.title,
                  body: review.body,
                  name: review.name,
                }
          }
          idempotencyKey={crypto.randomUUID()}
          words={{ rating, heading: title, body, name, send }}
          stars={[1, 2, 3, 4, 5].map((each) => said.stars(String(each)))}
          pictures={(review?.pictures ?? []).map(({ id, url, alt, state }) => ({
            id,
            url,
            alt,
            isWaiting: state === 'waiting',
          }))}
          mostPictures={mostPictures}
          pictureWords={{
            title: said.pictures,
            add: said.addPictures,
            hint: said.picturesHint(mostPictures),
            alt: said.alt,
            remove: said.removePicture,
            pending: said.picturePending,
            failed: said.pictureFailed,
            tooLarge: said.pictureTooLarge,
            needScript: said.picturesNeedScript,
          }}
        />
      </details>
      {review === null ? null : (
        <form action={withdrawReview} className="mt-4">
          <input type="hidden" name="review" value={review.id} />
          <Submit className="text-sm text-muted underline underline-offset-4 hover:text-ink">
            {said.withdraw}
          </Submit>
        </form>
      )}
    </div>
  );
}

function Said({
  shop: { words, locale, store },
  product,
  review,
  standing,
}: {
  readonly shop: Shop;
  readonly product: Product;
  readonly review: Review;
  readonly standing: Standing;
}) {
  const said = words.reviews;
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  return (
    <article>
      <Stars of={review.rating} label={said.stars(String(review.rating))} />
      {review.title === '' ? null : <h3 className="mt-2 font-medium text-pretty">{review.title}</h3>}
      <p className="mt-1 text-sm text-muted">
        {[
          review.name,
          day.format(new Date(review.publishedAt)),
          ...(review.editedAt === null ? [] : [said.edited]),
          ...(review.verified ? [said.verified] : []),
        ].join(' · ')}
      </p>
      <p className="mt-3 max-w-prose whitespace-pre-line text-pretty">{review.body}</p>
      {review.pictures.length === 0 ? null : (
        <ReviewGallery
          pictures={review.pictures.map(({ id, url, alt, width, height }) => ({
            id,
            url,
            alt: alt === '' ? said.pictureBy(review.name) : alt,
            width,
            height,
          }))}
          label={said.pictures}
          closeLabel={said.closePicture}
        />
      )}
      {review.answer === null ? null : (
        <blockquote className="mt-4 max-w-prose rounded-xl bg-sunken p-4 text-[0.95rem]">
          <p className="mb-1 text-sm font-medium">{said.answer(store.displayName)}</p>
          <p className="whitespace-pre-line">{review.answer}</p>
        </blockquote>
      )}
      {standing.may === 'sign_in' || standing.review?.id === review.id ? null : (
        <Reactions
          shop={{ words }}
          product={product}
          review={review}
          voted={standing.voted.includes(review.id)}
        />
      )}
    </article>
  );
}

function Reactions({
  shop: { words },
  product,
  review,
  voted,
}: {
  readonly shop: Pick<Shop, 'words'>;
  readonly product: Product;
  readonly review: Review;
  readonly voted: boolean;
}) {
  const said = words.reviews;
  return (
    <div className="mt-4 flex flex-wrap items-start gap-x-6 gap-y-2 text-sm">
      <form action={voteReview}>
        <input type="hidden" name="review" value={review.id} />
        <input type="hidden" name="helpful" value={voted ? 'no' : 'yes'} />
        <button
          type="submit"
          aria-pressed={voted}
          className="min-h-10 rounded-full border border-line px-4 hover:border-line-strong aria-pressed:border-ink aria-pressed:bg-sunken"
        >
          {/* The list may be a moment older than the vote. */}
          {said.helpful(Math.max(review.helpful, Number(voted)))}
        </button>
      </form>
      <details className="py-2">
        <summary className="cursor-pointer text-muted">{said.report}</summary>
        <form action={reportReview} className="mt-3 grid gap-3">
          <input type="hidden" name="review" value={review.id} />
          <input type="hidden" name="handle" value={product.handle} />
          <label className="grid gap-1.5">
            {said.reportReason}
            <textarea name="reason" rows={2} maxLength={500} required className={field} />
          </label>
          <Submit className={`${button.small} justify-self-start`}>{said.send}</Submit>
        </form>
      </details>
    </div>
  );
}
