// Fifty products of four variants with stock, one region, one sales channel, one key: as Medusa's own starter seeds them.
const { writeFileSync } = require('node:fs');
const flows = require('@medusajs/medusa/core-flows');
const { ContainerRegistrationKeys, Modules, ProductStatus } = require('@medusajs/framework/utils');

const COUNTRIES = ['gb', 'de', 'dk', 'se', 'fr', 'es', 'it'];
const SIZES = ['S', 'M', 'L', 'XL'];

exports.default = async function seed({ container }) {
  const link = container.resolve(ContainerRegistrationKeys.LINK);
  const query = container.resolve(ContainerRegistrationKeys.QUERY);
  const done = async (workflow, input) => (await workflow(container).run({ input })).result;

  const [channel] = await done(flows.createSalesChannelsWorkflow, { salesChannelsData: [{ name: 'Web' }] });
  const [store] = await container.resolve(Modules.STORE).listStores();
  await done(flows.updateStoresWorkflow, {
    selector: { id: store.id },
    update: {
      supported_currencies: [{ currency_code: 'eur', is_default: true }],
      default_sales_channel_id: channel.id,
    },
  });
  const [region] = await done(flows.createRegionsWorkflow, {
    regions: [
      {
        name: 'Europe',
        currency_code: 'eur',
        countries: COUNTRIES,
        payment_providers: ['pp_system_default'],
      },
    ],
  });
  await done(
    flows.createTaxRegionsWorkflow,
    COUNTRIES.map((country_code) => ({ country_code, provider_id: 'tp_system' })),
  );
  const [location] = await done(flows.createStockLocationsWorkflow, {
    locations: [{ name: 'Warehouse', address: { city: 'Copenhagen', country_code: 'DK', address_1: '' } }],
  });
  const [profile] = await done(flows.createShippingProfilesWorkflow, {
    data: [{ name: 'Default', type: 'default' }],
  });
  await ship(container, link, done, { region, location, profile });
  await done(flows.linkSalesChannelsToStockLocationWorkflow, { id: location.id, add: [channel.id] });
  const [key] = await done(flows.createApiKeysWorkflow, {
    api_keys: [{ title: 'Web', type: 'publishable', created_by: '' }],
  });
  await done(flows.linkSalesChannelsToApiKeyWorkflow, { id: key.id, add: [channel.id] });
  await done(flows.createProductsWorkflow, {
    products: Array.from({ length: 50 }, (_, index) => productOf(index, profile, channel)),
  });
  const { data: items } = await query.graph({ entity: 'inventory_item', fields: ['id'] });
  await done(flows.createInventoryLevelsWorkflow, {
    inventory_levels: items.map(({ id }) => ({
      location_id: location.id,
      stocked_quantity: 1_000_000,
      inventory_item_id: id,
    })),
  });
  writeFileSync('keys.json', JSON.stringify({ key: key.token, region: region.id }));
};

async function ship(container, link, done, { region, location, profile }) {
  await link.create({
    [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
    [Modules.FULFILLMENT]: { fulfillment_provider_id: 'manual_manual' },
  });
  const set = await container.resolve(Modules.FULFILLMENT).createFulfillmentSets({
    name: 'Delivery',
    type: 'shipping',
    service_zones: [
      { name: 'Europe', geo_zones: COUNTRIES.map((country_code) => ({ country_code, type: 'country' })) },
    ],
  });
  await link.create({
    [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
    [Modules.FULFILLMENT]: { fulfillment_set_id: set.id },
  });
  await done(flows.createShippingOptionsWorkflow, [
    {
      name: 'Standard',
      price_type: 'flat',
      provider_id: 'manual_manual',
      service_zone_id: set.service_zones[0].id,
      shipping_profile_id: profile.id,
      type: { label: 'Standard', description: '2-3 days', code: 'standard' },
      prices: [
        { currency_code: 'eur', amount: 10 },
        { region_id: region.id, amount: 10 },
      ],
      rules: [
        { attribute: 'enabled_in_store', value: 'true', operator: 'eq' },
        { attribute: 'is_return', value: 'false', operator: 'eq' },
      ],
    },
  ]);
}

function productOf(index, profile, channel) {
  return {
    title: `Shirt ${index}`,
    handle: `shirt-${index}`,
    description: 'A dependable shirt for everyday use; light, sturdy and well priced, with free returns.',
    weight: 400,
    status: ProductStatus.PUBLISHED,
    shipping_profile_id: profile.id,
    images: [{ url: `https://x.example/${index}-front.png` }, { url: `https://x.example/${index}-back.png` }],
    options: [{ title: 'Size', values: SIZES }],
    variants: SIZES.map((size) => ({
      title: size,
      sku: `S${index}-${size}`,
      options: { Size: size },
      prices: [{ amount: 10 + index, currency_code: 'eur' }],
    })),
    sales_channels: [{ id: channel.id }],
  };
}
