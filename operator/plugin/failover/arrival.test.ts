import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretRevision } from '../../controllers/credentials.ts';
import { SECRET_STAMP } from '../../controllers/service/canary/delivery.ts';
import type { Deployment } from '../../kube/resources.ts';
import { stateOf } from './arrival.ts';

const WEST = 'postgres://db.west:5432/shopmind';
const EAST = 'postgres://db.east:5432/shopmind';

const valuesAt = (url: string) => ({ DATABASE_URL: url.replace('//', '//login:secret@'), SECRETS_KEY: 'x' });

const secretAt = (url: string) => ({
  data: Object.fromEntries(
    Object.entries(valuesAt(url)).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

function deployment(stamp: string, { updated = 2, replicas = 2 } = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'runtime', namespace: 'x', generation: 3 },
    spec: { replicas: 2, template: { metadata: { annotations: { [SECRET_STAMP]: stamp } } } },
    status: { observedGeneration: 3, replicas, readyReplicas: replicas, updatedReplicas: updated },
  } as Deployment; // what is read of one
}

test('a Service is there once its Secret names the new database and every Pod was started with it', () => {
  const old = secretRevision(valuesAt(WEST));
  const fresh = secretRevision(valuesAt(EAST));
  const cases: readonly (readonly [
    Parameters<typeof stateOf>[0],
    Deployment | undefined,
    RegExp | undefined,
  ])[] = [
    [undefined, undefined, /no Secret/],
    [secretAt(WEST), deployment(old), /former database/],
    [secretAt(EAST), undefined, /no Deployment/],
    [secretAt(EAST), deployment(old), /not told/],
    [secretAt(EAST), deployment(fresh, { updated: 1, replicas: 3 }), /./],
    [secretAt(EAST), deployment(fresh), undefined],
  ];
  for (const [secret, pods, expected] of cases) {
    const why = stateOf(secret, pods, EAST);
    if (expected === undefined) assert.equal(why, undefined);
    else assert.match(why ?? '', expected);
  }
});
