// Fills an empty database with Vendure's own initial data and the catalogue of the file that is named, then ends.
const path = require('node:path');
const { bootstrap } = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config.cjs');

const [samples, products] = process.argv.slice(2);
const initial = require(path.join(samples, 'initial-data.json'));
initial.paymentMethods ??= [
  {
    name: 'Standard Payment',
    handler: { code: 'dummy-payment-handler', arguments: [{ name: 'automaticSettle', value: 'false' }] },
  },
];
const importExportOptions = { importAssetsDir: path.join(samples, 'images') };

populate(() => bootstrap({ ...config, importExportOptions }), initial, products)
  .then((app) => app.close())
  .then(() => {
    console.log('POPULATED');
    process.exit(0);
  });
