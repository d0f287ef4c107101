const { bootstrapWorker } = require('@vendure/core');
const { config } = require('./config.cjs');

bootstrapWorker(config)
  .then((worker) => worker.startJobQueue())
  .then(() => console.log('READY'));
