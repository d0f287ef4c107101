/** The rate of messages grows until one delivery in a hundred takes 200 ms or what arrives falls behind, twice. */
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds, treeCpuSeconds } from '../cpu.ts';
import type { Contestant } from './contestants.ts';
import { gather, type Crowd } from './crowd.ts';
import { residentBytes } from './weight.ts';

export interface LadderOptions {
  readonly perRoom: number;
  /** Messages a second at first, and by how much they grow. */
  readonly start: number;
  readonly step: number;
  /** Seconds that each rate is measured for. */
  readonly seconds: number;
  readonly onFigure: (figure: Figure) => void;
}

export interface Figure {
  readonly messages: number;
  readonly deliveries: number;
  /** What arrived of what was to. */
  readonly share: number;
  readonly p50: number;
  readonly p99: number;
  /** Cores in use. */
  readonly server: number;
  readonly behind: number;
  readonly clients: number;
  readonly microsPerDelivery: number;
  /** Of all servers, MB. */
  readonly memory: number;
}

/** A figure for each rate that was kept up with, in their order. */
export async function climb(contestant: Contestant, options: LadderOptions): Promise<readonly Figure[]> {
  const { perRoom, start, step, onFigure } = options;
  const figures: Figure[] = [];
  const crowd = await gather({ ...contestant.plan, perRoom });
  try {
    for (let rate = start; rate < 30_000; rate *= step) {
      const figure = await keptUp(rate, async () => {
        const measured = await measure(contestant, crowd, rate, options);
        onFigure(measured);
        return measured;
      });
      if (figure === undefined) break;
      figures.push(figure);
    }
  } finally {
    crowd.end();
  }
  return figures;
}

/** Twice, for a disk that was busy for a moment with something else is nobody's limit. */
async function keptUp(rate: number, once: () => Promise<Figure>): Promise<Figure | undefined> {
  for (let tries = 0; tries < 2; tries++) {
    const figure = await once();
    if (figure.p99 < 200 && figure.share >= 0.95 && figure.messages >= rate * 0.9) return figure;
  }
  return undefined;
}

async function measure(
  contestant: Contestant,
  crowd: Crowd,
  rate: number,
  { perRoom, seconds: wanted }: LadderOptions,
): Promise<Figure> {
  await crowd.talk(rate);
  await pause(SETTLING_MS);
  const before = await crowd.report();
  const [server0, behind0, at0] = [
    await cpuSeconds(contestant.servers),
    await cpuBehind(contestant),
    performance.now(),
  ];
  await pause(wanted * 1_000);
  const after = await crowd.report();
  const seconds = (performance.now() - at0) / 1_000;
  const server = (await cpuSeconds(contestant.servers)) - server0;
  if (after.refused > 0) process.stderr.write(`${after.refused} were refused\n`);
  const sorted = after.latencies.toSorted((a, b) => a - b);
  const resident = await Promise.all(contestant.servers.map(residentBytes));
  return {
    messages: after.sent / seconds,
    deliveries: after.got / seconds,
    share: after.got / (after.sent * perRoom),
    p50: sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY,
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.POSITIVE_INFINITY,
    server: server / seconds,
    behind: ((await cpuBehind(contestant)) - behind0) / seconds,
    clients: (after.cpuSeconds - before.cpuSeconds) / seconds,
    microsPerDelivery: (server / after.got) * 1e6,
    memory: resident.reduce((sum, each) => sum + each, 0) / 2 ** 20,
  };
}

/** From the change of a rate to its measurement. */
const SETTLING_MS = 1_500;

async function cpuBehind({ behind }: Contestant): Promise<number> {
  const seconds = await Promise.all(behind.map(treeCpuSeconds));
  return seconds.reduce((sum, each) => sum + each, 0);
}
