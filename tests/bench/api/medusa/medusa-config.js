// What `create-medusa-app` configures, without its admin pages, on the benchmark's PostgreSQL.
const { defineConfig } = require('@medusajs/framework/utils');

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { ssl: false, connection: { ssl: false } },
    http: {
      storeCors: 'http://localhost:8000',
      adminCors: 'http://localhost:9000',
      authCors: 'http://localhost:9000',
      jwtSecret: 'of-the-benchmark',
      cookieSecret: 'of-the-benchmark',
    },
  },
  admin: { disable: true },
});
