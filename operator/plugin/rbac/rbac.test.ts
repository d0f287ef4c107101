/**
 * Every permission says why it is there, and a command's roles hold exactly what it needs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { GATEWAY_GRANTS, OPERATOR_GRANTS, rulesOf } from '../../resources/permissions.ts';
import { createCli, type Io } from '../cli.ts';
import type { Flags } from '../command.ts';
import { loadAll } from '../commands.ts';
import { Failure } from '../failure.ts';
import { rbac, type Row } from './rbac.ts';

async function printed(flags: Readonly<Record<string, string>>): Promise<string> {
  let text = '';
  const output = { write: (part: string) => (text += part) };
  const io: Io = {
    stdout: output,
    stderr: output,
    stdin: process.stdin,
    env: {},
    now: () => 0,
    interrupted: () => new AbortController().signal,
  };
  const given: Flags = { text: (name) => flags[name], all: () => [], on: () => false };
  await rbac({ cli: createCli(io), args: [], rest: [], flags: given });
  return text;
}

test('every permission has a reason, and none of operator and gateway is a wildcard', async () => {
  for (const { group, resources, verbs, reason } of [...OPERATOR_GRANTS, ...GATEWAY_GRANTS]) {
    assert.ok(reason.length > 10, `${group} ${resources.join()} has a reason`);
    assert.ok(verbs.length > 0 && resources.length > 0);
    assert.ok(![group, ...resources, ...verbs].includes('*'));
  }
  for (const { name, needs } of await loadAll())
    for (const { why } of needs) assert.ok(why.length > 10, `${name} says why`);
});

test('what is printed as JSON names each resource of each party', async () => {
  const rows = JSON.parse(await printed({ output: 'json' })) as Row[];
  const operator = rows.filter(({ who }) => who === 'operator');
  assert.equal(operator.length, OPERATOR_GRANTS.flatMap(({ resources }) => resources).length);
  assert.ok(rows.some(({ who, resource }) => who === 'shopmind token' && resource === 'secrets'));
});

test('the table has one line a resource', async () => {
  const lines = (await printed({ output: 'text', command: 'token' })).trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^WHO +RESOURCE +VERBS +NAMESPACE +REASON$/);
  assert.ok(lines.length > 2);
});

test('the roles for a command hold what it needs, where it needs it', async () => {
  const documents = parseAllDocuments(await printed({ output: 'yaml', command: 'token' }));
  const roles = documents.map((document) => document.toJS() as { kind: string; metadata: { name: string } });
  assert.deepEqual(
    roles.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['ClusterRole shopmind-token', 'ClusterRole shopmind-token-tenant'],
  );
});

test('roles of everybody, and of a command that does not exist, are refused', async () => {
  await assert.rejects(printed({ output: 'yaml' }), Failure);
  await assert.rejects(printed({ output: 'text', command: 'foo' }), /there is no command "foo"/);
});

test('a Role holds only what is granted in its namespace, a ClusterRole only the rest', () => {
  const there = rulesOf(OPERATOR_GRANTS, 'shopmind-system');
  assert.ok(
    there.every(({ resources = [] }) =>
      ['configmaps', 'leases', 'endpointslices'].includes(resources[0] ?? ''),
    ),
  );
  assert.equal(there.length + rulesOf(OPERATOR_GRANTS).length, OPERATOR_GRANTS.length);
});
