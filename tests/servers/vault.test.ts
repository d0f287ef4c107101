/**
 * Vault behind the secrets port, on a real one (vault/suite.ts), where that one has been built: six minutes of two processors are too
 * much for whoever only wants to know whether all is well. `node tests/servers/vault.ts` builds it.
 */
import { test } from 'node:test';
import { isBuilt } from '../cluster/binaries.ts';

if ((await isBuilt('vault')) || process.env['SHOPMIND_BUILD_VAULT'] === '1') await import('./vault/suite.ts');
else {
  test('Vault keeps tenants’ secrets', {
    skip: 'Vault is not built here; SHOPMIND_BUILD_VAULT=1 builds it, once, in some minutes',
  });
}
