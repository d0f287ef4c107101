import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { catalog } from '../definition.ts';
import type {
  AdminCollection,
  AdminProduct,
  CollectionCard,
  ImportReport,
  ProductDetail,
  ProductsPage,
} from '../schemas.ts';
import type { ProductText, ProductTranslations } from './schemas.ts';

const GERMAN: Omit<ProductText, 'seo'> & { seo?: ProductText['seo'] } = {
  title: 'Regenjacke',
  descriptionHtml: '<p>Hält <script>alert(1)</script>trocken.</p>',
  options: [
    {
      of: 'Colour',
      as: 'Farbe',
      values: [
        { of: 'Blue', as: 'Blau' },
        { of: 'Red', as: 'Rot' },
      ],
    },
  ],
};

const WAIT = { withinMs: 30_000, everyMs: 20, what: 'the catalogue has done it' };

describe('a shop in two languages', () => {
  let database: TestDatabase;
  let shop: TestHost;
  let jacket: AdminProduct;
  let collection: AdminCollection;

  before(async () => {
    database = await startTestDatabase([catalog]);
    await database.addTenant({ id: 'acme', locales: ['en', 'de'] }, ADMIN_SECRETS);
    await database.addTenant({ id: 'other', locales: ['en', 'de'] }, ADMIN_SECRETS);
    shop = await startTestHost({
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['catalog'],
    });
    jacket = await shop.managed('acme', 'POST', '/api/admin/catalog/products', { ...english() }, 201);
    collection = await shop.managed(
      'acme',
      'POST',
      '/api/admin/catalog/collections',
      { handle: 'rain', title: 'Rain', descriptionHtml: 'For wet days', products: ['jacket'] },
      201,
    );
  });
  after(async () => {
    await shop.stop();
    await database.stop();
  });

  const english = () => ({
    handle: 'jacket',
    title: 'Rain jacket',
    descriptionHtml: '<p>Keeps dry.</p>',
    options: ['Colour', 'Size'],
    variants: ['Blue', 'Red'].map((colour) => ({
      optionValues: [colour, 'M'],
      prices: [{ amount: 9_900, currency: 'EUR' }],
    })),
    seo: { title: 'Rain jacket | Acme', description: 'Dry in the rain' },
  });
  const words = () => `/api/admin/catalog/products/${jacket.id}/translations`;

  async function version(): Promise<number> {
    return (await shop.managed<ProductTranslations>('acme', 'GET', words())).version;
  }

  async function say(text: object, status = 200, locale = 'de'): Promise<ProductTranslations> {
    const body = { version: await version(), ...text };
    return shop.managed('acme', 'PUT', `${words()}/${locale}`, body, status);
  }

  async function read<T>(path: string, language?: string): Promise<T> {
    const answer = await shop.call('acme', 'GET', `/api/catalog/${path}`, {
      headers: language === undefined ? {} : { 'accept-language': language },
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.json<T>();
  }
  const detail = (language?: string) => read<ProductDetail>('products/jacket', language);

  it('is read in the language asked for, and as it is written where that says nothing', async () => {
    await say(GERMAN);
    const german = await detail('de-AT,de;q=0.9');
    assert.equal(german.title, 'Regenjacke');
    assert.match(german.descriptionHtml, /Hält/);
    assert.doesNotMatch(german.descriptionHtml, /script/);
    assert.deepEqual(german.options, [
      { name: 'Farbe', values: ['Blau', 'Rot'] },
      { name: 'Size', values: ['M'] },
    ]);
    assert.deepEqual(german.variants[0]?.options, { Farbe: 'Blau', Size: 'M' });
    assert.equal(german.variants[1]?.title, 'Rot / M');
    // Nothing is said to search engines in German: not in English either, but for the description.
    assert.deepEqual(german.seo, { title: null, description: 'Dry in the rain' });
    assert.deepEqual(await detail('de'), await read('products/jacket?locale=de', 'en'));
    const plain = await detail('fr');
    assert.equal(plain.title, 'Rain jacket');
    assert.deepEqual(plain.variants[0]?.options, { Colour: 'Blue', Size: 'M' });
    assert.deepEqual(plain, await detail());
    const kept = await shop.call('acme', 'GET', '/api/catalog/products/jacket');
    assert.match(String(kept.headers['vary']), /accept-language/);
  });

  it('shows lists and what leads to them in the language too', async () => {
    const title = async (path: string, language?: string) =>
      (await read<ProductsPage>(path, language)).products[0]?.title;
    for (const path of ['products', `products-by-ids?ids=${jacket.id}`]) {
      assert.equal(await title(path, 'de'), 'Regenjacke', path);
      assert.equal(await title(path), 'Rain jacket', path);
    }
    const { version: seen } = await shop.managed<AdminCollection>(
      'acme',
      'GET',
      `/api/admin/catalog/collections/${collection.id}`,
    );
    const at = `/api/admin/catalog/collections/${collection.id}/translations/de`;
    await shop.managed('acme', 'PUT', at, { version: seen, title: 'Regen' });
    await shop.managed('acme', 'PUT', at, { version: seen, title: 'Schnee' }, 409);
    const card = await read<CollectionCard>('collections/rain', 'de');
    assert.equal(card.title, 'Regen');
    assert.equal(card.descriptionHtml, 'For wet days');
    assert.equal((await read<CollectionCard>('collections/rain')).title, 'Rain');
    const { collections } = await read<{ collections: CollectionCard[] }>('collections', 'de');
    assert.deepEqual(
      collections.map((each) => each.title),
      ['Regen'],
    );
    assert.deepEqual((await detail('de')).collections, [{ handle: 'rain', title: 'Regen' }]);
    await shop.managed('acme', 'DELETE', at);
    assert.equal((await read<CollectionCard>('collections/rain', 'de')).title, 'Rain');
  });

  it('is found by the words of either', async () => {
    await until(async () => {
      const { pending, builtAt } = await shop.managed<{ pending: number; builtAt: string | null }>(
        'acme',
        'GET',
        '/api/admin/catalog/search',
      );
      return (pending === 0 && builtAt !== null) || undefined;
    }, WAIT);
    for (const q of ['regenjacke', 'jacket']) {
      const { products } = await read<ProductsPage>(`products?q=${q}`, 'de');
      assert.deepEqual(
        products.map(({ title }) => title),
        ['Regenjacke'],
        q,
      );
    }
  });

  it('keeps what was said when the product changes, and forgets what is taken out', async () => {
    const now = await version();
    await shop.managed('acme', 'PUT', `/api/admin/catalog/products/${jacket.id}`, {
      ...english(),
      title: 'Raincoat',
      version: now,
    });
    assert.equal((await detail('de')).title, 'Regenjacke');
    assert.equal((await detail()).title, 'Raincoat');
    await shop.managed('acme', 'DELETE', `${words()}/de?version=${now}`, undefined, 409);
    await shop.managed('acme', 'DELETE', `${words()}/de`);
    assert.equal((await detail('de')).title, 'Raincoat');
    assert.deepEqual((await shop.managed<ProductTranslations>('acme', 'GET', words())).translations, []);
  });

  it('refuses what nobody could read or tell apart', async () => {
    await say(GERMAN, 400, 'en');
    await say(GERMAN, 400, 'fr');
    const twice = [{ of: 'Colour', as: 'Farbe', values: [{ of: 'Blue', as: 'Red' }] }];
    await say({ options: twice }, 400);
    await say({ options: [{ of: 'Colour', as: 'Size' }] }, 400);
    await say({ version: 1, title: 'Alt' }, 409);
    await shop.managed('other', 'GET', words(), undefined, 404);
    await shop.managed('other', 'PUT', `${words()}/de`, { version: 1, title: 'x' }, 404);
  });

  it('comes from a file and goes into one', async () => {
    const csv = [
      'Handle,Title,Option1 Name,Option1 Value,Variant Price,Title / de,Body (HTML) / de,Option1 Name / de,Option1 Value / de',
      'cap,Cap,Colour,Blue,10.00,Mütze,<b>warm</b>,Farbe,Blau',
      'cap,,,Red,10.00,,,,Rot',
      'hat,Hat,,,20.00,,,,',
    ].join('\n');
    const bring = async (body: string) => {
      const options = { body, headers: { 'content-type': 'text/csv' } };
      const begun = await shop.merchant('acme', 'POST', '/api/admin/catalog/imports', options);
      const at = `/api/admin/catalog/imports/${begun.json<ImportReport>().id}`;
      let report = begun.json<ImportReport>();
      await until(async () => {
        report = await shop.managed<ImportReport>('acme', 'GET', at);
        return report.finishedAt !== null || undefined;
      }, WAIT);
      return report;
    };
    assert.equal((await bring(csv)).products.created, 2);
    const cap = () => read<ProductDetail>('products/cap', 'de');
    assert.equal((await cap()).title, 'Mütze');
    assert.deepEqual((await cap()).options, [{ name: 'Farbe', values: ['Blau', 'Rot'] }]);
    assert.equal((await read<ProductDetail>('products/hat', 'de')).title, 'Hat');
    const exported = await shop.merchant('acme', 'GET', '/api/admin/catalog/export');
    assert.match(exported.text, /Option1 Value \/ de/);
    const before = await cap();
    const again = await bring(exported.text.replace('Mütze', 'Kappe'));
    assert.deepEqual(again.problems, []);
    assert.deepEqual({ ...(await cap()), updatedAt: '' }, { ...before, title: 'Kappe', updatedAt: '' });
    const clash = await bring(csv.replace('Blau', 'Rot'));
    assert.equal(clash.products.rejected, 1);
    // A file that knows nothing of languages takes none away.
    await bring('Handle,Title,Option1 Name,Option1 Value,Variant Price\ncap,Cap,Colour,Blue,11.00\n');
    assert.equal((await cap()).title, 'Kappe');
  });
});
