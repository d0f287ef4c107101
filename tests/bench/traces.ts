/**
 * What tracing costs a request of a runtime, on this machine: the same product page with tracing off, with one trace in a hundred recorded, and
 * with all. CPU of this process, client included; the database's is its own.
 */
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { catalog } from '../../runtime/domains/catalog/definition.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../runtime/host/testing.ts';
import { startTestDatabase } from '../support/database.ts';
import { table } from './table.ts';

const SECONDS = Number(process.argv[2] ?? 0.4);
const ROUNDS = 16;
const AT_ONCE = 8;

const database = await startTestDatabase([catalog]);
/** Takes what comes and looks at nothing. */
const receiver = createServer((asked, answer) => {
  asked.resume();
  asked.once('end', () => answer.end('{}'));
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const { port: receiverPort } = receiver.address() as AddressInfo; // it listens on TCP
try {
  await database.addTenant({ id: 'acme' }, ADMIN_SECRETS);
  const [off, some, all] = await Promise.all([start(undefined), start(0.01), start(1)]);
  const costs = new Map([off, some, all].map((host) => [host, Infinity]));
  for (const host of costs.keys()) await load(host, 1);
  // In short turns, and the best of each: what else the machine does only ever adds.
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [host, best] of costs) costs.set(host, Math.min(best, await load(host, SECONDS)));
  const base = costs.get(off) ?? 0;
  const row = (title: string, host: TestHost): string[] => {
    const cost = costs.get(host) ?? 0;
    return [title, cost.toFixed(0), (cost - base).toFixed(0)];
  };
  process.stdout.write(
    table(
      ['tracing', 'CPU µs a request', 'more than off'],
      [row('off', off), row('1 % recorded', some), row('all recorded', all)],
    ),
  );
  await Promise.all([off, some, all].map((host) => host.stop()));
} finally {
  receiver.close();
  receiver.closeAllConnections();
  await database.stop();
}

function start(ratio: number | undefined): Promise<TestHost> {
  return startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: ['catalog'],
      databaseConnections: 4,
      ...(ratio === undefined ? {} : { traces: { url: `http://127.0.0.1:${receiverPort}`, ratio } }),
    },
    { checkAnswers: false },
  );
}

/** @returns microseconds of this process's CPU for each request */
async function load(host: TestHost, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const end = performance.now() + seconds * 1_000;
  const before = process.cpuUsage();
  let count = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (performance.now() < end) {
        await ask(host, agent);
        count += 1;
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  agent.destroy();
  return (user + system) / count;
}

function ask({ port }: TestHost, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, agent, path: '/api/catalog/products', headers: { host: 'acme.localhost' } },
      (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`answered ${answer.statusCode}`));
        answer.resume();
        answer.once('end', resolve);
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}
