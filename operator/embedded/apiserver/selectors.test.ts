import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from './errors.ts';
import type { KubeObject } from './objects.ts';
import { BUILT_IN, type ResourceType } from './resources.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';

const object = (labels: Record<string, string>, more: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels },
  ...more,
});

const PODS = BUILT_IN.find(({ storage }) => storage === '/pods') as ResourceType;

const MATCHES: readonly (readonly [selector: string, matching: boolean])[] = [
  ['tier=web', true],
  ['tier==web', true],
  ['tier!=web', false],
  ['absent!=web', true],
  ['tier in (web, db)', true],
  ['tier notin (web,db)', false],
  ['absent notin (web)', true],
  ['tier', true],
  ['!tier', false],
  ['!absent', true],
  ['tier=web,size in (s,m)', true],
  ['tier=web,size=l', false],
  ['count>3', true],
  ['count<3', false],
  ['', true],
];

for (const [selector, matching] of MATCHES)
  test(`the labels ${matching ? 'match' : 'do not match'} "${selector}"`, () => {
    const labels = { tier: 'web', size: 'm', count: '5' };
    assert.equal(parseLabelSelector(selector)(object(labels)), matching);
  });

test('a label that only every object has is none', () => {
  assert.equal(parseLabelSelector('toString')(object({})), false);
});

test('whatever stands in a selector, it is read or refused as the client’s fault', () => {
  const part = fc.constantFrom('a', '=', '!', ' in ', '(', ')', ',', '>', 'ü', '/', ' ', '==');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      try {
        parseLabelSelector(parts.join(''))(object({ a: 'b' }));
        parseFieldSelector(parts.join(''), PODS).matches(object({}));
      } catch (error) {
        assert.ok(error instanceof ApiError && error.code === 400, String(error));
      }
    }),
  );
});

test('a field selector asks for name, namespace and what the kind offers', () => {
  const pod = object({}, { spec: { nodeName: 'a' }, status: { phase: 'Running' } });
  assert.equal(
    parseFieldSelector('metadata.name=p,spec.nodeName=a,status.phase!=Failed', PODS).matches(pod),
    true,
  );
  assert.equal(parseFieldSelector('spec.hostNetwork=false', PODS).matches(pod), true);
  assert.equal(parseFieldSelector('metadata.namespace=other', PODS).matches(pod), false);
  assert.equal(parseFieldSelector('metadata.name=p', PODS).name, 'p');
  assert.throws(
    () => parseFieldSelector('spec.containers=a', PODS),
    /field label not supported: spec.containers/,
  );
});
