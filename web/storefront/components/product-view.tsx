'use client';
/** A product's pictures and its choices: picking a variant shows its picture, price and stock. Without script it is a plain form. */
import { useActionState, useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from '../../ui/icons.tsx';
import { Price } from '../../ui/price.tsx';
import { button } from '../../ui/styles.ts';
import { addToCart } from '../lib/actions.ts';
import type { AddState } from '../lib/actions.ts';
import type { Pictured, Place } from '../lib/pictures.ts';
import { Heart } from './heart.tsx';
import { Picture, THUMBNAIL } from './picture.tsx';
import { openSheet } from './sheet.tsx';
import { StockAlert, type AlertWords } from './stock-alert.tsx';
import { Submit } from './submit.tsx';

const IDLE: AddState = { status: 'idle', message: '', at: 0 };

export interface ViewImage extends Pictured {
  readonly alt: string;
}

export interface ViewStep {
  readonly from: number;
  readonly units: string;
  readonly price: string;
}

export interface ViewVariant {
  readonly id: string;
  readonly options: Readonly<Record<string, string>>;
  readonly price: string;
  readonly was: string | undefined;
  /** What one costs when more are bought, where that is less. */
  readonly steps: readonly ViewStep[];
  /** Unknown: nobody could say, and whoever wants it may try. */
  readonly stock: 'in_stock' | 'low' | 'backorder' | 'out' | 'unknown';
  readonly image: Pictured | undefined;
  readonly sku: string | undefined;
  /** Of a bundle: what is in one. */
  readonly contents: readonly ViewContent[];
}

export interface ViewContent {
  readonly id: string;
  readonly href: string;
  readonly name: string;
  readonly quantity: number;
  /** What one costs by itself. */
  readonly price: string | undefined;
  readonly image: Pictured | undefined;
}

export interface ProductViewProps {
  readonly handle: string;
  readonly images: readonly ViewImage[];
  readonly options: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly variants: readonly ViewVariant[];
  readonly chosen: string;
  /** Ids of variants that are in one of the visitor's lists. */
  readonly wished: readonly string[];
  readonly words: Readonly<
    Record<
      | 'add'
      | 'adding'
      | 'soldOut'
      | 'unavailable'
      | 'inStock'
      | 'low'
      | 'later'
      | 'out'
      | 'quantity'
      | 'gallery'
      | 'was'
      | 'byQuantity'
      | 'contents'
      | 'tax'
      | 'viewCart'
      | 'sku'
      | 'wish'
      | 'unwish',
      string
    >
  >;
  readonly alerts: {
    readonly asksEmail: boolean;
    /** Variants that the visitor waits for. */
    readonly waits: readonly string[];
    readonly words: AlertWords;
  };
  readonly picture: readonly string[];
  readonly title: ReactNode;
  readonly children: ReactNode;
}

const GALLERY: Place = {
  shape: 4 / 5,
  widths: [
    ['(min-width: 84rem)', '38rem'],
    ['(min-width: 64rem)', '48vw'],
  ],
  otherwise: '100vw',
};

export function ProductView({
  handle,
  images,
  options,
  variants,
  chosen,
  wished,
  words,
  alerts,
  picture,
  title,
  children,
}: ProductViewProps) {
  const [choice, setChoice] = useState(() => variants.find(({ id }) => id === chosen)?.options ?? {});
  const [shown, setShown] = useState(0);
  const track = useRef<HTMLUListElement>(null);
  const [state, action] = useActionState(addToCart, IDLE);
  const variant = variants.find((one) => options.every(({ name }) => one.options[name] === choice[name]));

  useEffect(() => {
    if (state.status === 'added') openSheet('cart');
  }, [state]);

  function show(at: number): void {
    setShown(at);
    const list = track.current;
    list?.children[at]?.scrollIntoView({ block: 'nearest', inline: 'start' });
  }

  function choose(name: string, value: string): void {
    const wanted = { ...choice, [name]: value };
    // Keep the other choices where such a variant exists; else take the first that has the new value.
    const next =
      variants.find((one) => options.every((option) => one.options[option.name] === wanted[option.name])) ??
      variants.find((one) => one.options[name] === value);
    setChoice(next?.options ?? wanted);
    const at = images.findIndex(({ url }) => url === next?.image?.url);
    if (at >= 0) show(at);
    if (next !== undefined) window.history.replaceState(null, '', `?variant=${encodeURIComponent(next.id)}`);
  }

  return (
    <div className="grid gap-8 lg:grid-cols-[1.15fr_1fr] lg:gap-16">
      <section aria-label={words.gallery} className="lg:sticky lg:top-24 lg:self-start">
        <ul
          ref={track}
          tabIndex={0}
          onScroll={({ currentTarget: list }) => setShown(Math.round(list.scrollLeft / list.clientWidth))}
          className="no-bar -mx-5 flex snap-x snap-mandatory overflow-x-auto scroll-smooth motion-reduce:scroll-auto sm:mx-0 sm:rounded-3xl"
        >
          {images.map((image, at) => (
            <li key={image.url} className="w-full shrink-0 snap-start">
              <Picture
                of={image}
                alt={image.alt}
                place={GALLERY}
                large
                fetchPriority={at === 0 ? 'high' : 'auto'}
                loading={at === 0 ? 'eager' : 'lazy'}
                className="aspect-4/5 w-full bg-surface object-cover lg:aspect-[1/1.08]"
              />
            </li>
          ))}
        </ul>
        {images.length < 2 ? null : (
          <ul className="no-bar mt-3 flex gap-2.5 overflow-x-auto p-1">
            {images.map((image, at) => (
              <li key={image.url}>
                <button
                  type="button"
                  aria-label={picture[at]}
                  aria-current={at === shown ? 'true' : undefined}
                  onClick={() => show(at)}
                  className="block w-16 overflow-hidden rounded-xl border-2 border-transparent opacity-75 hover:opacity-100 aria-[current]:border-ink aria-[current]:opacity-100"
                >
                  <Picture of={image} alt="" place={THUMBNAIL} className="aspect-4/5 w-full object-cover" />
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
      <div className="lg:pt-4">
        {title}
        <p className="mt-4 text-[1.35rem]" aria-live="polite" data-testid="price">
          {variant === undefined ? (
            <span className="text-muted">{words.unavailable}</span>
          ) : (
            <Price price={variant.price} was={variant.was} wasLabel={words.was} />
          )}
        </p>
        <p className="mt-1 text-sm text-muted">{words.tax}</p>
        <Steps steps={variant?.steps ?? []} caption={words.byQuantity} />
        <Contents of={variant?.contents ?? []} title={words.contents} />
        <form action={action} className="mt-8 grid gap-7">
          <input type="hidden" name="handle" value={handle} />
          {options.map(({ name, values }) => (
            <OptionGroup
              key={name}
              name={name}
              values={values}
              chosen={choice[name]}
              variants={variants}
              choice={choice}
              onChoose={(value) => choose(name, value)}
              soldOut={words.soldOut}
            />
          ))}
          <Stock variant={variant} words={words} />
          <div className="flex gap-3">
            <label className="sr-only" htmlFor="quantity">
              {words.quantity}
            </label>
            <select
              id="quantity"
              name="quantity"
              defaultValue="1"
              className="min-h-13 rounded-full border border-line-strong/60 bg-canvas px-5 tabular-nums"
            >
              {quantities(variant?.steps ?? []).map((count) => (
                <option key={count}>{count}</option>
              ))}
            </select>
            <Submit
              className={`${button.primary} min-h-13 flex-1`}
              pending={words.adding}
              disabled={variant === undefined || variant.stock === 'out'}
            >
              {variant?.stock === 'out' ? words.soldOut : words.add}
            </Submit>
            <Heart wished={variant !== undefined && wished.includes(variant.id)} words={words} />
          </div>
          <p
            role="status"
            aria-live="polite"
            className={`-mt-3 min-h-6 text-sm ${state.status === 'failed' ? 'text-danger' : 'text-success'}`}
          >
            {state.message}
            {state.status === 'added' ? (
              <a href="/cart" className="ml-3 text-ink underline underline-offset-4">
                {words.viewCart}
              </a>
            ) : null}
          </p>
        </form>
        {variant?.stock !== 'out' ? null : (
          <StockAlert
            key={variant.id}
            variant={variant.id}
            asksEmail={alerts.asksEmail}
            waits={alerts.waits.includes(variant.id)}
            words={alerts.words}
          />
        )}
        {children}
        {variant?.sku === undefined ? null : (
          <p className="mt-6 text-xs text-muted">
            {words.sku} {variant.sku}
          </p>
        )}
      </div>
    </div>
  );
}

/** The usual few, and where the price falls. */
function quantities(steps: readonly ViewStep[]): number[] {
  const usual = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  return [...new Set([...usual, ...steps.map(({ from }) => from)])].toSorted((a, b) => a - b);
}

function Steps({ steps, caption }: { readonly steps: readonly ViewStep[]; readonly caption: string }) {
  if (steps.length === 0) return null;
  return (
    <table className="mt-5 w-full max-w-xs text-sm tabular-nums" data-testid="price-steps">
      <caption className="mb-2 text-left font-semibold">{caption}</caption>
      <tbody>
        {steps.map(({ from, units, price }) => (
          <tr key={from} className="border-t border-line">
            <th scope="row" className="py-2 text-left font-normal text-muted">
              {units}
            </th>
            <td className="py-2 text-right">{price}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Contents({ of: contents, title }: { readonly of: readonly ViewContent[]; readonly title: string }) {
  if (contents.length === 0) return null;
  return (
    <section aria-labelledby="contents" className="mt-6" data-testid="contents">
      <h2 id="contents" className="text-sm font-semibold">
        {title}
      </h2>
      <ul className="mt-3 grid gap-2.5">
        {contents.map(({ id, href, name, quantity, price, image }) => (
          <li key={id} className="flex items-center gap-3 text-[0.95rem]">
            {image === undefined ? (
              <span className="block aspect-square w-12 shrink-0 rounded-lg bg-sunken" />
            ) : (
              <Picture
                of={image}
                alt=""
                place={THUMBNAIL}
                className="aspect-square w-12 shrink-0 rounded-lg bg-surface object-cover object-[50%_75%]"
              />
            )}
            <span className="min-w-0 flex-1">
              {quantity} ×{' '}
              <a href={href} className="underline-offset-4 hover:underline">
                {name}
              </a>
            </span>
            {price === undefined ? null : <span className="text-muted tabular-nums">{price}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface OptionGroupProps {
  readonly name: string;
  readonly values: readonly string[];
  readonly chosen: string | undefined;
  readonly variants: readonly ViewVariant[];
  readonly choice: Readonly<Record<string, string>>;
  readonly onChoose: (value: string) => void;
  readonly soldOut: string;
}

/** Values as pictures where each has its own, else as words. */
function OptionGroup({ name, values, chosen, variants, choice, onChoose, soldOut }: OptionGroupProps) {
  const pictures = values.map((value) => variants.find((one) => one.options[name] === value)?.image);
  const pictured =
    values.length > 1 && new Set(pictures.map((picture) => picture?.url)).size === values.length;
  return (
    <fieldset>
      <legend className="mb-3 text-sm">
        <span className="font-semibold">{name}</span>
        <span className="ml-2 text-muted">{chosen}</span>
      </legend>
      <div className="flex flex-wrap gap-2.5">
        {values.map((value, at) => {
          const picture = pictured ? pictures[at] : undefined;
          const match = variants.find((one) =>
            Object.entries({ ...choice, [name]: value }).every(
              ([key, wanted]) => one.options[key] === wanted,
            ),
          );
          const gone = match === undefined || match.stock === 'out';
          return (
            <label key={value} className="relative">
              <input
                type="radio"
                name={`option:${name}`}
                value={value}
                checked={value === chosen}
                onChange={() => onChoose(value)}
                className="peer sr-only"
                aria-label={gone ? `${value} (${soldOut})` : value}
              />
              {picture ? (
                <span className="block w-16 overflow-hidden rounded-xl border-2 border-line p-0 transition-colors peer-checked:border-ink peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-brand-ink hover:border-line-strong">
                  <Picture
                    of={picture}
                    alt=""
                    place={THUMBNAIL}
                    className={`aspect-square w-full object-cover object-[50%_75%] ${gone ? 'opacity-40' : ''}`}
                  />
                </span>
              ) : (
                <span
                  className={`grid min-h-12 min-w-14 place-items-center rounded-full border border-line-strong/60 px-5 text-[0.95rem] transition-colors peer-checked:border-ink peer-checked:bg-ink peer-checked:text-canvas peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-brand-ink hover:border-ink ${gone ? 'text-muted line-through' : ''}`}
                >
                  {value}
                </span>
              )}
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function Stock({
  variant,
  words,
}: {
  readonly variant: ViewVariant | undefined;
  readonly words: ProductViewProps['words'];
}) {
  if (variant === undefined || variant.stock === 'unknown') return null;
  const look = {
    in_stock: ['text-success', words.inStock],
    low: ['text-accent', words.low],
    backorder: ['text-accent', words.later],
    out: ['text-danger', words.out],
  } as const;
  const [colour, said] = look[variant.stock];
  return (
    <p className={`-mb-2 flex items-center gap-2 text-sm ${colour}`} data-testid="availability">
      {variant.stock === 'in_stock' ? (
        <Icon name="check" className="size-4" />
      ) : (
        <span aria-hidden="true" className="size-2 rounded-full bg-current" />
      )}
      {said}
    </p>
  );
}
