/**
 * `npm run bench:api`: browsing and buying by fifty shoppers without think time, here and at Vendure and Medusa, which are installed from
 * npm once: same machine, same PostgreSQL, same steps, and with Vendure the same catalogue. Prints the table of docs/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import { measure, type Measured } from './api/load.ts';
import type { Contestant } from './api/contestant.ts';
import { startMedusa } from './api/medusa.ts';
import { startShop } from './api/shop.ts';
import { startVendure } from './api/vendure.ts';
import { machine } from './machine.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    products: { type: 'string', default: '1000' },
    /** Ours alone: what browsing costs in a catalogue of this size too; 0: not asked. */
    many: { type: 'string', default: '100000' },
    shoppers: { type: 'string', default: '50' },
    /** A young connection plans each statement five times: the longer this is, the less of that is measured. */
    warm: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '30' },
    only: { type: 'string', default: 'shopmind,vendure,medusa' },
    flows: { type: 'string', default: 'browse,checkout' },
    /** Ours: what PostgreSQL is asked for, by statement and flow. It costs some, so the table's figures are not to be quoted then. */
    statements: { type: 'boolean', default: false },
    /** Ours: a folder for profiles of our processes (`*.cpuprofile`). Costs some, too. */
    profiles: { type: 'string' },
  },
});
const before = machine();
const products = Number(values.products);
const many = Number(values.many);
const load = {
  shoppers: Number(values.shoppers),
  warmSeconds: Number(values.warm),
  seconds: Number(values.seconds),
};
const asked = new Set(values.only.split(','));

const flows = new Set(values.flows.split(','));
const looking = { statements: values.statements, profiles: values.profiles };

interface Line {
  readonly name: string;
  readonly browse?: Measured | undefined;
  readonly checkout?: Measured | undefined;
}

const lines: Line[] = [];
if (asked.has('shopmind')) {
  lines.push(await line(`ShopMind, ${products} products`, () => startShop(products, looking)));
  if (many > 0) lines.push(await line(`ShopMind, ${many} products`, () => startShop(many, looking)));
}
if (asked.has('vendure'))
  lines.push(await line(`Vendure, ${products} products`, () => startVendure(products)));
if (asked.has('medusa')) lines.push(await line('Medusa, 50 products', startMedusa));
process.stdout.write(`${before}; ${load.shoppers} shoppers, ${load.seconds} s each\n\n`);
if (flows.has('browse')) process.stdout.write(`${browsing()}\n`);
if (flows.has('checkout')) process.stdout.write(buying());

async function line(name: string, start: () => Promise<Contestant>): Promise<Line> {
  process.stderr.write(`${name}: starting\n`);
  const contestant = await start();
  try {
    const run = async (what: 'browse' | 'checkout'): Promise<Measured | undefined> => {
      if (!flows.has(what)) return undefined;
      process.stderr.write(`${name}: ${what}\n`);
      const measured = await measure({ ...load, ...contestant, flow: contestant[what] });
      if (measured.firstFailure !== undefined) process.stderr.write(`${name}: ${measured.firstFailure}\n`);
      process.stderr.write(`${stepsOf(measured)}\n${measured.seen ?? ''}\n`);
      return measured;
    };
    return { name, browse: await run('browse'), checkout: await run('checkout') };
  } finally {
    await contestant.stop();
  }
}

function browsing(): string {
  const head = [
    'list or search, then a product',
    'requests/s',
    'p50',
    'p99',
    'failed',
    'CPU a request',
    'server',
    'load',
  ];
  return table(
    head,
    lines.flatMap(({ name, browse }) => {
      if (browse === undefined) return [];
      const { requestsPerSecond, p50, p99, failed, cpuMsPerRequest, memory, load: own } = browse;
      return [
        [
          name,
          requestsPerSecond.toFixed(0),
          figure(p50, 0, ' ms'),
          figure(p99, 0, ' ms'),
          percent(failed),
          figure(cpuMsPerRequest, 2, ' ms'),
          `${memory['shop']?.toFixed(0)} MB`,
          own.toFixed(2),
        ],
      ];
    }),
  );
}

function buying(): string {
  const head = [
    'from the list to a paid order',
    'orders/s',
    'finished/s',
    'p50',
    'p99',
    'failed',
    'CPU an order',
    'of which',
    'until all is done',
    'server',
    'load',
  ];
  return table(
    head,
    lines.flatMap(({ name, checkout }) => {
      if (checkout === undefined) return [];
      const {
        flowsPerSecond,
        finishedPerSecond,
        p50,
        p99,
        failed,
        cpuMsPerFlow,
        cpuMs,
        cpuMsUntilRest,
        memory,
        load: own,
      } = checkout;
      return [
        [
          name,
          flowsPerSecond.toFixed(1),
          (finishedPerSecond ?? flowsPerSecond).toFixed(1),
          figure(p50, 0, ' ms'),
          figure(p99, 0, ' ms'),
          percent(failed),
          figure(cpuMsPerFlow, 1, ' ms'),
          Object.entries(cpuMs)
            .map(([server, ms]) => `${server} ${figure(ms, 1)}`)
            .join(', '),
          figure(cpuMsUntilRest, 1, ' ms'),
          `${memory['shop']?.toFixed(0)} MB`,
          own.toFixed(2),
        ],
      ];
    }),
  );
}

function stepsOf({ steps }: Measured): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return table(
    ['step', 'p50', 'p99'],
    Object.entries(steps).map(([name, { p50, p99 }]) => [name, ms(p50), ms(p99)]),
  );
}

/** Who has not come to the end of one in all the time has no figure for it. */
function figure(value: number, decimals: number, unit = ''): string {
  return Number.isFinite(value) ? `${value.toFixed(decimals)}${unit}` : '–';
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
