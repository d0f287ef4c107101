/**
 * Years of certificates in a second: at no time does a client meet one it cannot verify, however old its news are.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issue } from './certificate.ts';
import type { Order, Pair } from './certificate.ts';
import { advance, bundleOf } from './keyring.ts';
import type { Keyring } from './keyring.ts';

const NAMES = ['operator.shopmind-system.svc', 'operator.shopmind-system.svc.cluster.local'];
const DAY = 86_400_000;
const BEGIN = new Date('2026-11-25T12:00:00Z');
const after = (days: number): Date => new Date(BEGIN.getTime() + days * DAY);

/** As a TLS client does: in time, by an authority of the bundle that is in time itself, for the name it called. */
function trusts(bundle: string, { cert }: Pair, now: Date): boolean {
  const serving = new X509Certificate(cert);
  const isInTime = ({ validFromDate, validToDate }: X509Certificate): boolean =>
    validFromDate <= now && now < validToDate;
  const authorities = (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  );
  return (
    isInTime(serving) &&
    NAMES.every((name) => serving.checkHost(name) !== undefined) &&
    authorities.some(
      (one) => one.ca && isInTime(one) && serving.checkIssued(one) && serving.verify(one.publicKey),
    )
  );
}

test('for three years every client with news of the last six days trusts every replica', async () => {
  const orders: Order['what'][] = [];
  const counted = (order: Order): Promise<Pair> => {
    orders.push(order.what);
    return issue(order);
  };
  let keyring: Keyring | undefined;
  const history: Keyring[] = [];
  for (let day = 0; day < 3 * 365; day += 1) {
    keyring = await advance(keyring, NAMES, after(day), counted);
    history.push(keyring);
    // A replica and an API server may each be behind the other.
    const recent = new Set(history.slice(-6));
    for (const published of recent)
      for (const served of recent)
        assert.ok(trusts(bundleOf(published), served.serving, after(day)), `day ${day}`);
    assert.ok(keyring.authorities.length <= 2);
  }
  assert.equal(orders.filter((what) => what === 'authority').length, 4);
  assert.ok(orders.length < 30, `${orders.length} certificates`);
});

test('nothing is issued twice: looking again changes nothing', async () => {
  const first = await advance(undefined, NAMES, BEGIN, issue);
  const again = await advance(first, NAMES, after(1), () => assert.fail('nothing is due'));
  assert.equal(again, first);
});

test('an operator that was away for years begins anew', async () => {
  const old = await advance(undefined, NAMES, BEGIN, issue);
  const now = after(1000);
  const { authorities, serving } = await advance(old, NAMES, now, issue);
  assert.equal(authorities.length, 1);
  assert.ok(trusts(bundleOf({ authorities, serving }), serving, now));
});

test('a serving certificate is replaced when it lacks a name, is damaged, or has another signer', async () => {
  const first = await advance(undefined, NAMES, BEGIN, issue);
  const more = await advance(first, [...NAMES, 'localhost'], BEGIN, issue);
  assert.ok(new X509Certificate(more.serving.cert).checkHost('localhost'));
  assert.deepEqual(more.authorities, first.authorities);
  for (const serving of [{ cert: 'x', key: 'y' }, (await advance(undefined, NAMES, BEGIN, issue)).serving]) {
    const mended = await advance({ ...first, serving }, NAMES, BEGIN, issue);
    assert.ok(trusts(bundleOf(first), mended.serving, BEGIN));
  }
});

test('damaged authorities are forgotten', async () => {
  const first = await advance(undefined, NAMES, BEGIN, issue);
  const mended = await advance({ ...first, authorities: [{ cert: 'x', key: '' }] }, NAMES, BEGIN, issue);
  assert.equal(mended.authorities.length, 1);
  assert.ok(trusts(bundleOf(mended), mended.serving, BEGIN));
});
