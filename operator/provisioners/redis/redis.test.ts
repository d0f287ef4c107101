import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginOf } from '../logins.ts';
import { parseNodes } from './servers.ts';
import { desiredUser, parseUser, planUsers } from './users.ts';

const login = loginOf('pool', 'redis', 'secret');
const wanted = desiredUser('pool', login);
const line = `user ${wanted.name} on sanitize-payload #${wanted.passwords[0]} ~pool:* resetchannels &pool:* -@all +get +set +exists +unlink +eval +time +spublish +ssubscribe +sunsubscribe +ping +info +cluster|slots +cluster|shards +cluster|nodes +cluster|info`;

test('a server that has the user needs nothing, one that has none gets it, secrets unsaid', () => {
  assert.deepEqual(planUsers('pool', [wanted], [parseUser(line)], 'a:1'), []);
  const [action] = planUsers('pool', [wanted], [parseUser('user default off resetchannels -@all')], 'a:1');
  assert.equal(action?.text, `CREATE USER ${login.user} ON a:1`);
  assert.deepEqual(action?.command.slice(0, 8), [
    'SETUSER',
    login.user,
    'reset',
    'on',
    `#${wanted.passwords[0]}`,
    '&pool:*',
    '~pool:*',
    '-@all',
  ]);
  assert.ok(!JSON.stringify(action).includes(login.password));
});

for (const [what, changed] of [
  ['a right too many', line.replace('+get', '+get +flushall')],
  ['keys of others', line.replace('~pool:*', '~*')],
  ['another password beside', line.replace('~pool', '#0000 ~pool')],
  ['no password at all', line.replace(`#${wanted.passwords[0]}`, 'nopass')],
  ['switched off', line.replace(' on ', ' off ')],
] as const) {
  test(`a user that has drifted is set again: ${what}`, () => {
    const [action, ...others] = planUsers('pool', [wanted], [parseUser(changed)], 'a:1');
    assert.equal(action?.text, `ALTER USER ${login.user} ON a:1`);
    assert.deepEqual(others, []);
  });
}

test('during a rotation both logins stay, afterwards the former goes; other scopes are not looked at', () => {
  const former = desiredUser('pool', loginOf('pool', 'redis', 'former'));
  const stranger = parseUser('user shopmind.pool-b.0000 on #00 ~pool-b:* -@all');
  const observed = [wanted, former, stranger];
  assert.deepEqual(planUsers('pool', [wanted, former], observed, 'a:1'), []);
  assert.deepEqual(
    planUsers('pool', [wanted], observed, 'a:1').map(({ text }) => text),
    [`DROP USER ${former.name} ON a:1`],
  );
  assert.deepEqual(
    planUsers('pool', [], observed, 'a:1').map(({ command }) => command),
    [
      ['DELUSER', wanted.name],
      ['DELUSER', former.name],
    ],
  );
});

test('nodes of a cluster are read as it tells them, the forgotten left out', () => {
  assert.deepEqual(
    parseNodes(
      [
        '07c3 127.0.0.1:30004@31004,host-4 slave e7d1 0 1426238317239 4 connected',
        'e7d1 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460',
        'aaaa :0@0 master,noaddr - 1 2 3 disconnected',
        '',
      ].join('\n'),
    ),
    [
      { name: '127.0.0.1:30001', master: true },
      { name: '127.0.0.1:30004', master: false },
    ],
  );
});
