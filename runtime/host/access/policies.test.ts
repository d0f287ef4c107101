/** Policies: loaded once for each state, kept within a bound, and never of another tenant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StaffPolicy } from '../../platform/domain.ts';
import { createPolicies, FOR_PEOPLE } from './policies.ts';

const POLICY: StaffPolicy = {
  stamp: '1',
  roles: [
    { id: 'owner', scopes: ['*:*'] },
    { id: 'viewer', scopes: ['*:read'] },
    { id: 'orders', scopes: ['orders:read', 'orders:write'] },
  ],
  members: [
    { id: 'ada', roles: ['owner'] },
    { id: 'bob', roles: ['viewer'] },
    { id: 'cyd', roles: ['orders'] },
  ],
};

/** Counts what is loaded, as `tenant/stamp`. */
function loading(policyOf: (tenant: string) => StaffPolicy, most?: number) {
  const loads: string[] = [];
  const policies = createPolicies({
    load(tenant) {
      const policy = policyOf(tenant);
      loads.push(`${tenant}/${policy.stamp}`);
      return Promise.resolve(policy);
    },
    ...(most === undefined ? {} : { most }),
  });
  return { policies, loads };
}

test('a role is good for its scopes, for `*` for all, and for people’s own matters only an owner’s', async () => {
  const { policies, loads } = loading(() => POLICY);
  const found: Record<string, string[]> = {};
  for (const id of ['ada', 'bob', 'cyd', 'nobody', 'role:owner'])
    for (const scope of ['orders:read', 'orders:write', 'catalog:read', FOR_PEOPLE])
      if (await policies.allows('one', { id, policy: '1' }, scope)) (found[id] ??= []).push(scope);
  assert.deepEqual(found, {
    ada: ['orders:read', 'orders:write', 'catalog:read', FOR_PEOPLE],
    bob: ['orders:read', 'catalog:read'],
    cyd: ['orders:read', 'orders:write'],
  });
  assert.deepEqual(loads, ['one/1']);
});

test('it decides as the definition says, for any roles', async () => {
  const scope = fc.constantFrom('a:read', 'a:write', 'b:read', 'b:write', '*:read', '*:*');
  const roleIds = ['r', 's', 't'] as const;
  const roles = fc.tuple(...roleIds.map(() => fc.uniqueArray(scope, { maxLength: 4 })));
  const members = fc.array(fc.uniqueArray(fc.constantFrom(...roleIds)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(roles, members, async (scopes, had) => {
      const policy: StaffPolicy = {
        stamp: 'x',
        roles: roleIds.map((id, index) => ({ id, scopes: scopes[index] ?? [] })),
        members: had.map((own, index) => ({ id: `m${index}`, roles: own })),
      };
      const { policies } = loading(() => policy);
      for (const member of policy.members)
        for (const asked of ['a:read', 'a:write', 'b:write', FOR_PEOPLE]) {
          const own = policy.roles
            .filter(({ id }) => member.roles.includes(id))
            .flatMap((role) => role.scopes);
          const [domain = '', action = ''] = asked.split(':');
          const expected = own.some((one) => [asked, `*:${action}`, `${domain}:*`, '*:*'].includes(one));
          assert.equal(await policies.allows('one', { id: member.id, policy: 'x' }, asked), expected);
        }
    }),
    { numRuns: 60 },
  );
});

test('it is loaded again for another stamp, once for all who come with it', async () => {
  let stamp = '1';
  const { policies, loads } = loading(() => ({
    ...POLICY,
    stamp,
    members: [{ id: 'bob', roles: [stamp === '1' ? 'viewer' : 'orders'] }],
  }));
  const mayWrite = (policy: string): Promise<boolean> =>
    policies.allows('one', { id: 'bob', policy }, 'orders:write');
  assert.deepEqual(await Promise.all([mayWrite('1'), mayWrite('1')]), [false, false]);
  stamp = '2';
  assert.equal(await mayWrite('2'), true);
  assert.deepEqual(await Promise.all([mayWrite('2'), mayWrite('2')]), [true, true]);
  assert.deepEqual(loads, ['one/1', 'one/2']);
});

test('those that were asked for last are kept, and each tenant has its own', async () => {
  const { policies, loads } = loading(
    (tenant) => ({ ...POLICY, members: [{ id: 'bob', roles: [tenant === 'b' ? 'owner' : 'viewer'] }] }),
    2,
  );
  const ask = (tenant: string): Promise<boolean> =>
    policies.allows(tenant, { id: 'bob', policy: '1' }, 'orders:write');
  const found: boolean[] = [];
  for (const tenant of ['a', 'b', 'a', 'c', 'a', 'b']) found.push(await ask(tenant));
  assert.deepEqual(found, [false, true, false, false, false, true]);
  assert.deepEqual(loads, ['a/1', 'b/1', 'c/1', 'b/1']);
});

test('what could not be loaded is asked for again', async () => {
  let fails = true;
  const policies = createPolicies({
    load: () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(POLICY)),
  });
  const ask = (): Promise<boolean> => policies.allows('one', { id: 'ada', policy: '1' }, 'orders:read');
  await assert.rejects(ask(), /away/);
  fails = false;
  assert.equal(await ask(), true);
});
