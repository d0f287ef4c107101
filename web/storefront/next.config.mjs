/** One build serves every tenant: nothing here knows a host, a colour or a word of copy. */
import { fileURLToPath } from 'node:url';

/** @type {import('next').NextConfig} */
export default {
  // Each build has a folder of its own (prepare.ts), so that a running server never sees half of the next one.
  distDir: process.env['STOREFRONT_BUILD'] ?? '.next/dev',
  turbopack: { root: fileURLToPath(new URL('..', import.meta.url)) },
  // Pictures are small SVG from the tenant's catalogue: there is nothing to optimise.
  images: { unoptimized: true },
  // `npm run typecheck` does it, apart from the build that a newcomer waits for.
  typescript: { ignoreBuildErrors: true, tsconfigPath: '.next/tsconfig.json' },
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  experimental: { serverActions: { bodySizeLimit: '64kb' } },
};
