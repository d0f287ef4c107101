/** Sockets with a domain of the test's own: who may stay. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import type { DomainService } from '../../platform/domain.ts';
import type { Tenant } from '../../platform/ports.ts';
import { noTracer } from '../../platform/tracing/tracer.ts';
import type { Credentials } from '../callers.ts';
import { createSockets } from './server.ts';

const SHOP: Tenant = {
  id: 'acme',
  displayName: 'Acme',
  hosts: ['acme.localhost'],
  locales: ['en'],
  currencies: ['EUR'],
  domains: ['talk'],
  branding: {},
  quotas: {},
  plan: 'starter',
  placement: 'pooled',
  suspended: false,
  frozen: false,
};

const TALK: Pick<DomainService, 'definition' | 'sockets'> = {
  definition: {
    name: 'talk',
    summary: '',
    tables: [],
    migrations: new URL('file:///nowhere/'),
    topics: [],
    consumes: [],
    tasks: [],
    buckets: [],
    routes: [],
    sockets: [
      {
        id: 'room',
        path: '/api/talk/room',
        summary: '',
        protocol: 'talk.1',
        hears: {},
        says: {},
        limits: { messageBytes: 1_000, burst: 10, perSecond: 10, connections: 10, waitingBytes: 1_000 },
      },
    ],
    scaling: { min: 1, max: 1, cpuPercent: 60 },
    slo: { availability: 0.9, p99Milliseconds: 1_000 },
  },
  sockets: { room: { opened: () => undefined, heard: () => undefined, closed: () => undefined } },
};

for (const [by, headers] of [
  ['cookie', { cookie: 'shopmind_session=sms_acme.first' }],
  ['header', { authorization: 'Bearer sms_acme.first' }],
] as const)
  test(`who came in by a session, said by a ${by}, goes when the session is over`, async () => {
    const asked: Pick<Credentials, 'authorization' | 'again'>[] = [];
    const sockets = createSockets({
      services: [TALK as DomainService], // as much of it as sockets ask for
      tenants: { ...NOBODY, byHost: () => Promise.resolve(SHOP) },
      onlyTenant: undefined,
      // Signed in when the connection is made, and signed out a moment later.
      identify(_tenant, _audience, { authorization, again }) {
        asked.push({ authorization, ...(again === undefined ? {} : { again }) });
        return Promise.resolve(
          asked.length === 1
            ? { kind: 'customer', customerId: 'cus_1' }
            : { kind: 'shopper', customerId: undefined },
        );
      },
      access: { requireRoute: () => undefined, requireScope: () => undefined },
      served: () => SHOP,
      log: pino({ level: 'silent' }),
      tracer: noTracer,
      meter: { heard: () => undefined, closed: () => undefined },
      silenceMilliseconds: 60_000,
      sessionsOver: () => Promise.resolve([]),
      proofTurns: 1,
    });
    const server = createServer();
    server.on('upgrade', (request, socket, head) => sockets.handle(request, socket, head));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const client = new WebSocket(`ws://127.0.0.1:${port}/api/talk/room`, 'talk.1', {
      headers: { host: 'acme.localhost', ...headers },
    });
    try {
      const code = await new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('it was let stay')), 30_000);
        client.once('error', reject).once('close', (closed: number) => {
          clearTimeout(late);
          resolve(closed);
        });
      });
      assert.equal(code, 4002);
      assert.deepEqual(asked.at(-1), { authorization: 'Bearer sms_acme.first', again: true });
    } finally {
      client.terminate();
      await sockets.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

const NOBODY = {
  byId: () => Promise.resolve(undefined),
  list: () => Promise.resolve([]),
  close: () => Promise.resolve(),
} as const;
