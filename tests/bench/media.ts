/**
 * `npm run bench:media`: pictures painted when they are asked for first, and shown again when they are kept: here, at ipx, which is
 * installed from npm once, and by the decoder alone in a bare loop. Prints the table of docs/benchmarks.md.
 */
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { measure, type Measured } from './api/load.ts';
import { machine } from './machine.ts';
import { photograph, onceEach, renditions, type Contestant } from './media/contestant.ts';
import { startIpx } from './media/ipx.ts';
import { startOurs } from './media/ours.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    /** Each of 12 megapixels, with sixteen renditions. */
    pictures: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '20' },
    warm: { type: 'string', default: '3' },
    /** Browsers that ask at once, each for one picture after the other. */
    asking: { type: 'string', default: '8' },
    only: { type: 'string', default: 'shopmind,ipx,bare' },
  },
});
const before = machine();
const [seconds, warmSeconds, shoppers] = [values.seconds, values.warm, values.asking].map(Number) as [
  number,
  number,
  number,
];
const asked = new Set(values.only.split(','));
const pictures: Buffer[] = [];
for (let made = 0; made < Number(values.pictures); made += 1) pictures.push(await photograph());

const rows: string[][] = [];
if (asked.has('bare')) rows.push(await bareLoop());
if (asked.has('ipx')) await rowsOf(await startIpx(pictures));
if (asked.has('shopmind')) {
  const ours = await startOurs(pictures);
  process.stderr.write(`brought one after the other: ${ours.broughtPerSecond.toFixed(1)} pictures/s\n`);
  await rowsOf(ours);
}
process.stdout.write(`${before}; ${shoppers} at once, ${seconds} s each\n\n`);
process.stdout.write(
  table(
    ['12 megapixels to WebP of 480 to 960', 'pictures/s', 'p50', 'p99', 'failed', 'CPU each', 'memory'],
    rows,
  ),
);

async function rowsOf(contestant: Contestant): Promise<void> {
  const { name, cold, kept } = contestant;
  try {
    rows.push(row(`${name}, painted`, await run(contestant, cold)));
    if (kept !== undefined) rows.push(row(`${name}, kept`, await run(contestant, kept)));
  } finally {
    await contestant.stop();
  }
}

async function run(contestant: Contestant, flow: Contestant['cold']): Promise<Measured> {
  process.stderr.write(`${contestant.name}\n`);
  const measured = await measure({ ...contestant, shoppers, warmSeconds, seconds, flow });
  if (measured.firstFailure !== undefined) throw new Error(`${contestant.name}: ${measured.firstFailure}`);
  return measured;
}

function row(name: string, measured: Measured): string[] {
  const { requestsPerSecond, p50, p99, failed, cpuMsPerRequest, memory } = measured;
  const megabytes = Object.entries(memory).map(([server, size]) => `${server} ${size.toFixed(0)} MB`);
  return [
    name,
    requestsPerSecond.toFixed(requestsPerSecond < 100 ? 1 : 0),
    `${p50.toFixed(0)} ms`,
    `${p99.toFixed(0)} ms`,
    `${(100 * failed).toFixed(2)} %`,
    `${cpuMsPerRequest.toFixed(cpuMsPerRequest < 10 ? 2 : 0)} ms`,
    megabytes.join(', '),
  ];
}

/** The decoder as the painting process calls it, two at a time, without reading, asking, sending or keeping anything. */
async function bareLoop(): Promise<string[]> {
  process.stderr.write('bare loop\n');
  sharp.cache(false);
  sharp.concurrency(1);
  const wanted = onceEach(renditions(pictures.length));
  const until = performance.now() + 1000 * seconds;
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const painted = await Promise.all([paintUntil(until), paintUntil(until)]);
  const spent = process.cpuUsage(cpu);
  const count = painted[0] + painted[1];
  const perSecond = (1000 * count) / (performance.now() - began);
  const cpuEach = (spent.user + spent.system) / 1000 / count;
  return ['sharp in a bare loop', perSecond.toFixed(1), '', '', '', `${cpuEach.toFixed(0)} ms`, ''];

  async function paintUntil(end: number): Promise<number> {
    let count = 0;
    for (; performance.now() < end; count += 1) {
      const { picture, width, quality } = wanted.next();
      await sharp(pictures[picture], { failOn: 'error' })
        .autoOrient()
        .resize(width)
        .webp({ quality, effort: 3 })
        .toBuffer();
    }
    return count;
  }
}
