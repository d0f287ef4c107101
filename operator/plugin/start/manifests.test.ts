import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../failure.ts';
import { parseManifests } from './manifests.ts';

const TENANT = `# a comment
apiVersion: shopmind.ai/v1beta1
kind: ShopMindTenant
metadata:
  name: acme
spec:
  hosts:
    - acme.localhost
    - ACME
  domains:
    chat:
      scaling: { min: 3, max: 1 }
`;

test('a field named as the API server names it is found on its line', () => {
  const [manifest] = parseManifests(TENANT, 'acme.yaml');
  assert.ok(manifest);
  assert.equal(manifest.place('spec.hosts[1]'), 'acme.yaml:9');
  assert.equal(manifest.place('spec.domains[chat].scaling'), 'acme.yaml:12');
  assert.equal(manifest.place('spec.domains.chat'), 'acme.yaml:11');
});

test('a field that is absent is placed at its nearest parent', () => {
  const [manifest] = parseManifests(TENANT, 'acme.yaml');
  assert.equal(manifest?.place('spec.plan'), 'acme.yaml:6');
});

const BROKEN: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['a tab as indentation', 'kind: A\nmetadata:\n\tname: x', /^f\.yaml:3:1: /],
  ['a key given twice', 'kind: A\nkind: B\n', /^f\.yaml:2:1: Map keys must be unique/],
  ['no kind', 'apiVersion: v1\nmetadata: {name: x}\n', /kind \(a string/],
  ['no name', 'apiVersion: v1\nkind: A\n', /metadata\.name/],
  ['a list', '- 1\n- 2\n', /apiVersion/],
  ['an unclosed brace', 'apiVersion: v1\nkind: {A\n', /^f\.yaml:/],
];

for (const [name, text, message] of BROKEN) {
  test(`${name} is refused with file, line and column`, () => {
    assert.throws(
      () => parseManifests(text, 'f.yaml'),
      (error) => error instanceof Failure && message.test(error.message) && error.exitCode === 65,
    );
  });
}

test('empty documents between separators are skipped', () => {
  assert.deepEqual(parseManifests('---\n---\n# nothing\n', 'f.yaml'), []);
});
