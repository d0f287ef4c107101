/**
 * The overlays of dev, staging and production: their patches fit the sample tenants, what comes out is a valid tenant, and it
 * means what the environment promises.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyPatch, type Operation } from 'rfc6902';
import { parse } from 'yaml';
import { SCHEMAS, withDefaults, type ShopMindTenant } from '../crds/index.ts';
import { validateRules } from '../operator/embedded/schema/rules.ts';
import type { JsonObject, Schema } from '../operator/embedded/schema/schema.ts';
import { validate } from '../operator/embedded/schema/validate.ts';
import { canaryOf, servicesOf } from '../operator/resources/presets.ts';

interface Kustomization {
  readonly patches: readonly { readonly target: { readonly name?: string }; readonly patch: string }[];
}

// The files are ours; what they hold is checked below.
const read = <T>(...path: string[]): T =>
  parse(readFileSync(join(import.meta.dirname, ...path), 'utf8')) as T;
// The same schema in the words of two rooms.
const schema = SCHEMAS.ShopMindTenant as Schema;

function tenantIn(overlay: string, name: string): ShopMindTenant {
  const object = read<JsonObject>(name, 'tenant.yaml');
  for (const { target, patch } of read<Kustomization>(overlay, 'kustomization.yaml').patches) {
    if (target.name !== undefined && target.name !== name) continue;
    const failed = applyPatch(object, parse(patch) as Operation[]).filter((error) => error !== null);
    assert.deepEqual(failed, [], `${overlay}/${name}`);
  }
  return withDefaults(SCHEMAS.ShopMindTenant, object) as ShopMindTenant;
}

for (const overlay of ['dev', 'staging', 'production']) {
  for (const name of ['acme', 'sakura', 'fjord']) {
    test(`${name} in ${overlay} is a tenant the API takes`, () => {
      const object = structuredClone(tenantIn(overlay, name)) as unknown as JsonObject;
      assert.deepEqual([...validate(object, schema), ...validateRules(object, schema)], []);
    });
  }
}

for (const [overlay, min, max, canary] of [
  ['dev', 1, 1, false],
  ['staging', 1, 4, true],
  ['production', 3, 20, true],
] as const) {
  test(`fjord in ${overlay} runs ${min} to ${max} Pods${canary ? ', new revisions by canary' : ''}`, () => {
    const fjord = tenantIn(overlay, 'fjord');
    const { scaling } = servicesOf(fjord).get('runtime') ?? assert.fail();
    assert.deepEqual([scaling?.min, scaling?.max], [min, max]);
    assert.equal(canaryOf(fjord.spec) !== undefined, canary);
  });
}
