/** The shop's mark, or the first letter of its name where it has none. */
import type { Shop } from '../lib/shop.ts';

export function Logo({
  shop: { store },
  className,
}: {
  readonly shop: Pick<Shop, 'store'>;
  readonly className: string;
}) {
  const address = logoAddress(store.branding);
  return address === undefined ? (
    <span
      aria-hidden="true"
      className={`${className} grid place-items-center rounded-xl bg-brand font-display text-lg font-semibold text-on-brand`}
    >
      {[...store.displayName][0]}
    </span>
  ) : (
    <img src={address} alt="" width={64} height={64} className={className} />
  );
}

/** An https address is used as it is; a path of the platform's sources is served by the shop's API. */
export function logoAddress(branding: Readonly<Record<string, unknown>>): string | undefined {
  const { logo } = branding;
  if (typeof logo !== 'string' || logo === '') return undefined;
  return logo.startsWith('https://') ? logo : '/api/catalog/logo';
}
