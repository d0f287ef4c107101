/**
 * A rotation from its request to its end: no Pod is ever without a login that works, whatever happens in between.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  advance,
  credentialsIn,
  dueInMs,
  firstCredentials,
  loginsOf,
  promote,
  secretRevision,
  valuesOfCredentials,
} from './credentials.ts';
import type { Circumstances, Credentials } from './credentials.ts';

const ROLE = 'tenant_acme';
const BASE = 'postgres://host:5432/shopmind';
const GRACE_MS = 65_000;
let made = 0;
const generate = (): string => `password-${++made}`;

function circumstances(parts: Partial<Circumstances> = {}): Circumstances {
  return {
    request: '',
    maxAgeMs: Infinity,
    graceMs: GRACE_MS,
    now: new Date(0),
    mayBegin: true,
    isRolledOut: false,
    generate,
    ...parts,
  };
}

const at = (ms: number): Date => new Date(ms);

test('a request is answered once: next, then current beside former, then alone', () => {
  const first = firstCredentials(ROLE, circumstances());
  assert.equal(advance(ROLE, first, circumstances()), first);
  const begun = advance(ROLE, first, circumstances({ request: 'now' }));
  assert.deepEqual(begun.current, first.current);
  assert.deepEqual(loginsOf(begun), [begun.next, first.current]);
  assert.equal(advance(ROLE, begun, circumstances({ request: 'again' })), begun, 'what has begun goes on');
  const promoted = promote(begun, at(1_000));
  assert.deepEqual(loginsOf(promoted), [begun.next, first.current]);
  const late = circumstances({ request: 'now', now: at(GRACE_MS + 1_000) });
  assert.equal(advance(ROLE, promoted, late), promoted, 'a Pod still uses it');
  const unused = advance(ROLE, promoted, { ...late, isRolledOut: true });
  assert.deepEqual(loginsOf(unused), loginsOf(promoted), 'Pods that were told to end have time to do so');
  assert.equal(advance(ROLE, unused, { ...late, isRolledOut: true }), unused);
  assert.deepEqual(advance(ROLE, unused, late), promoted, 'a Pod came back to it');
  const later = { ...late, now: at(2 * GRACE_MS + 1_000), isRolledOut: true };
  const over = advance(ROLE, unused, later);
  assert.deepEqual(loginsOf(over), [begun.next]);
  assert.equal(advance(ROLE, over, later), over);
});

test('age rotates by itself and says when; a tenant on the move begins none', () => {
  const first = firstCredentials(ROLE, circumstances());
  const limits = { maxAgeMs: 1_000, graceMs: GRACE_MS };
  assert.equal(dueInMs(first, { ...limits, now: at(400) }), 600);
  assert.equal(advance(ROLE, first, circumstances({ ...limits, now: at(999) })), first);
  assert.equal(advance(ROLE, first, circumstances({ ...limits, now: at(1_000), mayBegin: false })), first);
  assert.notEqual(advance(ROLE, first, circumstances({ ...limits, now: at(1_000) })).next, undefined);
});

test('a role that logs in itself is rotated away from, and stays valid meanwhile', () => {
  const known = credentialsIn({ DATABASE_URL: `postgres://${ROLE}:old@host:5432/shopmind` });
  assert.ok(known);
  const begun = advance(ROLE, known, circumstances({ now: new Date() }));
  assert.match(begun.next?.user ?? '', /^tenant_acme\.[0-9a-f]{8}$/);
  assert.deepEqual(loginsOf(begun)[1], { user: ROLE, password: 'old' });
});

test('what is written down is read again, and bookkeeping starts no Pod anew', () => {
  const first = firstCredentials(ROLE, circumstances({ request: 'r' }));
  const begun = advance(ROLE, first, circumstances({ request: 's' }));
  const promoted = promote(begun, at(1));
  const values = (known: Credentials) => ({
    ...valuesOfCredentials(known, {
      databaseUrl: BASE,
      databaseReplicaUrl: undefined,
      databasePoolerUrl: undefined,
    }),
    SECRETS_KEY: 'k',
  });
  const unused = { ...promoted, unusedSince: at(2).toISOString() };
  for (const known of [first, begun, promoted, unused]) assert.deepEqual(credentialsIn(values(known)), known);
  assert.equal(secretRevision(values(first)), secretRevision(values(begun)));
  assert.notEqual(secretRevision(values(begun)), secretRevision(values(promoted)));
  assert.equal(credentialsIn({ DATABASE_URL: 'postgres://host/x' }), undefined);
});

test('a standby is entered by the same login as its primary, and naming one starts the Pods anew', () => {
  const known = firstCredentials(ROLE, circumstances({}));
  const values = (databaseReplicaUrl?: string) =>
    valuesOfCredentials(known, { databaseUrl: BASE, databaseReplicaUrl, databasePoolerUrl: undefined });
  const beside = values('postgres://standby:5432/shopmind');
  const [primary, standby] = [
    new URL(beside['DATABASE_URL'] ?? ''),
    new URL(beside['DATABASE_REPLICA_URL'] ?? ''),
  ];
  assert.equal(standby.host, 'standby:5432');
  assert.deepEqual([standby.username, standby.password], [primary.username, primary.password]);
  assert.notEqual(secretRevision(beside), secretRevision(values()));
});

/** Pods and systems around the Secret, and an operator that may die between any two of its writes. */
test('whatever is asked, however often the operator dies: every Pod can log in, and in the end one login is left', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('visit' as const), dies: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant('request' as const) }),
    fc.record({ kind: fc.constant('roll' as const) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2 * GRACE_MS }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let now = 0;
      let request = '';
      let stored = firstCredentials(ROLE, circumstances());
      let valid = loginsOf(stored).map(({ user }) => user);
      let pod = stored.current.user;
      // The Pods of before end within the grace that they are given.
      let ending: { readonly user: string; readonly at: number } | undefined;
      const everyPodEnters = (): boolean =>
        valid.includes(pod) && (ending === undefined || valid.includes(ending.user));
      const visit = (dies: number): void => {
        let left = dies === 0 ? Infinity : dies;
        const alive = (): boolean => left-- > 0;
        const wanted = advance(
          ROLE,
          stored,
          circumstances({ request, now: at(now), isRolledOut: pod === stored.current.user }),
        );
        if (!alive()) return;
        stored = wanted;
        if (!alive()) return;
        valid = loginsOf(stored).map(({ user }) => user);
        if (!alive()) return;
        stored = promote(stored, at(now));
      };
      for (const one of steps) {
        if (one.kind === 'visit') visit(one.dies);
        if (one.kind === 'request') request += 'x';
        if (one.kind === 'wait') now += one.ms;
        if (one.kind === 'roll' && stored.current.user !== pod) {
          ending = { user: pod, at: now };
          pod = stored.current.user;
        }
        if (ending !== undefined && now - ending.at >= GRACE_MS) ending = undefined;
        if (ending === undefined || one.kind !== 'visit')
          assert.ok(valid.includes(pod), 'a Pod cannot log in');
      }
      for (let round = 0; round < 8; round++) {
        visit(0);
        pod = stored.current.user;
        ending = undefined;
        now += GRACE_MS;
        assert.ok(everyPodEnters());
      }
      assert.equal(loginsOf(stored).length, 1);
      assert.equal(stored.request, request);
    }),
  );
});
