/**
 * The table of all tenants: the whole text, and that a thousand of them cost nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStyle, PLAIN, stripped } from '../terminal/style.ts';
import { but, condition, NOW, platformPod, service, tenant } from '../testing/objects.ts';
import { renderList, statusList } from './list.ts';

const POOL = service('shopmind-system', 'runtime', { domains: ['orders'] });
const PLATFORM = [platformPod('operator'), platformPod('gateway')];
const waiting = (message: string) =>
  but(condition('Ready', 'False', 'X', message), condition('Reconciling', 'True', 'X', message));

test('what is wrong stands first, and a message is whole', () => {
  const message = `the catalogue has no row that can be imported: ${'line 7: price is no number; '.repeat(10)}`;
  const stalled = but(
    condition('Ready', 'False', 'ImportFailed', message),
    condition('Stalled', 'True', 'ImportFailed', message),
  );
  const list = statusList(
    [
      tenant('alpha'),
      tenant(
        'bravo',
        { suspended: true },
        { conditions: [...but(condition('Ready', 'False', 'Suspended', 'suspended'))] },
      ),
      tenant('charlie', {}, { conditions: [...stalled] }),
      tenant('delta', { placement: 'dedicated' }, {}, { annotations: { 'shopmind.ai/paused': 'true' } }),
      tenant('echo', {}, { conditions: [...waiting('imports echo/catalog.csv')] }),
    ],
    [
      POOL,
      service(
        'tenant-delta',
        'runtime',
        { tenant: 'delta', domains: ['orders'] },
        { replicas: 3, readyReplicas: 2 },
      ),
    ],
    PLATFORM,
    [],
  );
  assert.equal(
    renderList(list, PLAIN, NOW),
    `   TENANT   STATE          PLAN     PLACEMENT  PODS  URL                       AGE  MESSAGE
✗  charlie  Stalled        starter  pooled     1/1   http://charlie.localhost  1h   ${message.trimEnd()}
◌  echo     Updating       starter  pooled     1/1   http://echo.localhost     1h   imports echo/catalog.csv
○  bravo    Suspended      starter  pooled     1/1   http://bravo.localhost    1h   suspended
✓  alpha    Ready          starter  pooled     1/1   http://alpha.localhost    1h
✓  delta    Ready, paused  starter  dedicated  2/3   http://delta.localhost    1h

5 tenants: 1 Stalled, 1 Updating, 1 Suspended, 2 Ready`,
  );
});

test('one trouble of many is said once, with how many have it', () => {
  const tenants = Array.from({ length: 4 }, (_, index) =>
    tenant(`t${index}`, {}, { conditions: [...waiting('waits for the database to answer')] }),
  );
  const text = renderList(statusList(tenants, [POOL], PLATFORM, []), PLAIN, NOW);
  assert.match(text, /\n4 tenants: 4 Updating\n4 of them: waits for the database to answer$/);
});

test('a platform without operator, and what may not be read, stand above everything', () => {
  const list = statusList([tenant('alpha')], undefined, [platformPod('gateway')], ['services is forbidden']);
  assert.match(
    renderList(list, PLAIN, NOW),
    /^✗ operator: none of 0 Pods is ready; see: .*\n\? services is forbidden\n\n.*\n✓ {2}alpha {3}Ready {2}starter {2}pooled {5}\? /,
  );
});

test('colour changes nothing but colour', () => {
  const list = statusList([tenant('alpha')], [POOL], PLATFORM, []);
  const coloured = renderList(list, createStyle(true), NOW);
  assert.notEqual(coloured, stripped(coloured));
  assert.equal(stripped(coloured), renderList(list, PLAIN, NOW));
});

test('a thousand tenants are drawn in no time', () => {
  const tenants = Array.from({ length: 1000 }, (_, index) =>
    tenant(`t${index}`, { placement: index % 5 === 0 ? 'dedicated' : 'pooled' }),
  );
  const began = performance.now();
  const text = renderList(statusList(tenants, [POOL], PLATFORM, []), PLAIN, NOW);
  assert.equal(text.split('\n').length, 1003);
  assert.ok(performance.now() - began < 10_000);
});
