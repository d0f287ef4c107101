/** A whole installation with its pages built, one of its shops, and a real browser to look at it with. */
import { adminToken, clusterOf } from './cluster.ts';
import { launchChromium } from './browser.ts';
import { removeInstallation, startInstallation, type Installation } from './installation.ts';
import type { Shop } from './shop.ts';
import type { Browser } from 'playwright-core';

export interface Storefront {
  readonly installation: Installation;
  readonly browser: Browser;
  /** The shop's admin key. */
  readonly key: string;
  /** The address of one of its pages. */
  at(path: string): string;
  readonly shop: Shop;
  close(): Promise<void>;
}

/**
 * @param tenant one of the samples, which are pooled
 * @param own a folder with one of that name that is dedicated instead
 */
export async function openStorefront(tenant: string, own?: string): Promise<Storefront> {
  const installation = await startInstallation(own === undefined ? {} : { tenants: own });
  try {
    return await opened(installation, tenant, own);
  } catch (error) {
    await removeInstallation(installation);
    throw error;
  }
}

async function opened(
  installation: Installation,
  tenant: string,
  own: string | undefined,
): Promise<Storefront> {
  // The first time it is built.
  await installation.event('storefront', 300_000);
  const client = await clusterOf(installation);
  const key = await adminToken(client, tenant, ...(own === undefined ? [] : [`tenant-${tenant}`]));
  client.close();
  const browser = await launchChromium();
  return {
    installation,
    browser,
    key,
    at: (path) => `http://${tenant}.localhost:${installation.port}${path}`,
    shop: installation.shop(`${tenant}.localhost`),
    async close() {
      await browser.close();
      await removeInstallation(installation);
    },
  };
}
