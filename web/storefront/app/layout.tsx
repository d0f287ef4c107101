/** The frame of every page: language, the tenant's theme, header and footer. */
// oxlint-disable-next-line import/no-unassigned-import -- this is how Next takes a style sheet
import './globals.css';
import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import { themeOf } from '../../ui/theme.ts';
import { ErrorWordsProvider } from '../components/error-words.tsx';
import { Footer } from '../components/footer.tsx';
import { Header } from '../components/header.tsx';
import { RenewSession } from '../components/renew-session.tsx';
import { logoAddress } from '../components/logo.tsx';
import { findShop, nonce } from '../lib/shop.ts';
import type { Shop } from '../lib/shop.ts';
import { shownCart } from '../lib/titles.ts';

export async function generateMetadata(): Promise<Metadata> {
  const shop = await findShop().catch(() => undefined);
  if (shop === undefined) return { title: 'Shop', robots: { index: false } };
  const { store, origin } = shop;
  const tagline = typeof store.branding['tagline'] === 'string' ? store.branding['tagline'] : undefined;
  const icon = logoAddress(store.branding);
  return {
    metadataBase: new URL(origin),
    title: {
      default: tagline === undefined ? store.displayName : `${store.displayName} · ${tagline}`,
      template: `%s · ${store.displayName}`,
    },
    ...(tagline === undefined ? {} : { description: tagline }),
    openGraph: { siteName: store.displayName, type: 'website' },
    ...(icon === undefined ? {} : { icons: { icon } }),
  };
}

export async function generateViewport(): Promise<Viewport> {
  const shop = await findShop().catch(() => undefined);
  return { themeColor: themeOf(shop?.store.branding ?? {}).background };
}

export default async function Layout({ children }: { readonly children: ReactNode }) {
  // A page of a shop that cannot be reached is an error page; its frame must stand all the same.
  const shop = await findShop().catch(() => undefined);
  const style = (
    <style
      nonce={await nonce()}
      dangerouslySetInnerHTML={{ __html: themeOf(shop?.store.branding ?? {}).css }}
    />
  );
  if (shop === undefined) {
    return (
      <html lang="en">
        <head>{style}</head>
        <body>
          <main id="content">{children}</main>
        </body>
      </html>
    );
  }
  return (
    <html lang={shop.locale}>
      <head>{style}</head>
      <body>
        <a
          href="#content"
          className="sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50 focus:rounded-full focus:bg-brand focus:px-5 focus:py-3 focus:text-on-brand"
        >
          {shop.words.skip}
        </a>
        <Frame shop={shop}>{children}</Frame>
      </body>
    </html>
  );
}

async function Frame({ shop, children }: { readonly shop: Shop; readonly children: ReactNode }) {
  const [{ collections }, cart] = await Promise.all([
    shop.read('catalog.listCollections', {}).catch(() => ({ collections: [] })),
    shownCart().catch(() => undefined),
  ]);
  const shown = collections.filter(({ productCount }) => productCount > 0);
  const { error } = shop.words;
  return (
    <ErrorWordsProvider
      words={{ title: error.title, text: error.text, retry: error.retry, home: error.home }}
    >
      <Header shop={shop} cart={cart} collections={shown} />
      <main id="content" className="flex-1">
        {children}
      </main>
      <Footer shop={shop} collections={shown} />
      {shop.loggedIn && !shop.renewed ? <RenewSession /> : null}
    </ErrorWordsProvider>
  );
}
