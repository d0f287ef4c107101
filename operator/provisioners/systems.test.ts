/** The systems as a whole: who uses which, with which login, and that one that cannot be opened is tried anew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBackends } from '../../runtime/platform/backends/index.ts';
import { loginOf, userPrefix } from './logins.ts';
import { createSystems } from './systems.ts';
import type { OpenSystem } from './systems.ts';
import type { Scope, System } from './system.ts';

const BACKENDS = parseBackends(
  { EVENTS_URL: 'kafka://shared', 'EVENTS_URL.acme': 'kafka://theirs', CACHE_URL: 'redis://cache' },
  { 'CACHE_URL.acme': 'embedded' },
  (message) => assert.fail(message),
);

function notebook() {
  const notes: string[] = [];
  let broken = 0;
  const open: OpenSystem = (port, address) => {
    if (broken-- > 0) return Promise.reject(new Error('away'));
    const note = (what: string) => (scope: string | Pick<Scope, 'name'>) => {
      notes.push(`${address} ${what} ${typeof scope === 'string' ? scope : scope.name}`);
      return Promise.resolve([`${what} ${port}`]);
    };
    const system: System = {
      name: port,
      plan: note('plan'),
      ensure: note('ensure'),
      ensureTenant: note('tenant'),
      removeTenant: note('remove tenant of'),
      remove: note('remove'),
      close: note('close'),
      address: ({ name, login }) => `${address}${name} as ${login.user}`,
      ping: () => Promise.resolve(),
      end: () => Promise.resolve(notes.push(`end ${address}`)).then(() => undefined),
    };
    return Promise.resolve(system);
  };
  return { notes, open, breakNext: (times: number) => (broken = times) };
}

const scope = (name: string) => ({ name, domains: [], secret: 'secret' });

test('a tenant uses what is named for it, and for the rest what all use', async () => {
  const { notes, open } = notebook();
  const systems = createSystems(BACKENDS, open, () => undefined);
  await systems.ensure(scope('pool'));
  await systems.ensure(scope('acme'));
  await systems.close('acme');
  await systems.end();
  assert.deepEqual(notes, [
    'kafka://shared:9092/ ensure pool',
    'redis://cache:6379/ ensure pool',
    'kafka://theirs:9092/ ensure acme',
    'kafka://theirs:9092/ close acme',
    'end kafka://shared:9092/',
    'end redis://cache:6379/',
    'end kafka://theirs:9092/',
  ]);
});

test('what could not be opened is opened anew', async () => {
  const { open, breakNext } = notebook();
  const systems = createSystems(BACKENDS, open, () => undefined);
  breakNext(1);
  await assert.rejects(systems.ensure(scope('acme')), /away/);
  assert.deepEqual(await systems.ensure(scope('acme')), ['ensure events']);
});

test('who may not act any more touches nothing', async () => {
  const { notes, open } = notebook();
  const systems = createSystems(BACKENDS, open, () => {
    throw new Error('no longer the leader');
  });
  await assert.rejects(systems.remove('pool'), /no longer the leader/);
  assert.deepEqual(notes, []);
});

test('each scope has a login of its own at each system, new when its secret is', () => {
  const logins = [
    loginOf('pool', 'kafka', 'a'),
    loginOf('pool', 'redis', 'a'),
    loginOf('acme', 'kafka', 'a'),
    loginOf('pool', 'kafka', 'b'),
  ];
  assert.equal(new Set(logins.map(({ password }) => password)).size, 4);
  assert.equal(new Set(logins.map(({ user }) => user)).size, 4);
  assert.deepEqual(loginOf('pool', 'kafka', 'a'), logins[0]);
  assert.ok(logins[0]?.user.startsWith(userPrefix('pool')));
  assert.ok(!loginOf('acme-shop', 'kafka', 'a').user.startsWith(userPrefix('acme')));
  assert.throws(() => loginOf('a.b', 'kafka', 'a'), /no name of a scope/);
});
