/**
 * `npm run fuzz:api [-- --minutes 10 --seed N --workers 4 --only orders. --requests N]`: asks every operation of every domain what it was
 * made for, what it was not, and what nobody should; prints what each was answered, and whatever was wrong with an answer, as a command
 * that shows it again. Exits with 1 if anything was.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './campaign.ts';
import { summary } from './report.ts';
import { startFuzzedShop } from './shop.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    workers: { type: 'string', default: '4' },
    requests: { type: 'string' },
    only: { type: 'string' },
    memory: { type: 'string', default: '700' },
  },
});

const shop = await startFuzzedShop();
try {
  process.stderr.write(`seed ${values.seed}, at http://127.0.0.1:${shop.port}\n`);
  const report = await fuzz(shop, {
    seed: Number(values.seed),
    milliseconds: 60_000 * Number(values.minutes),
    ...(values.requests === undefined ? {} : { requests: Number(values.requests) }),
    ...(values.only === undefined ? {} : { only: values.only }),
    workers: Number(values.workers),
    answerMs: 30_000,
    memoryBytes: 1e6 * Number(values.memory),
    progress: (requests, findings) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${requests} requests, ${findings} findings `);
    },
  });
  process.stdout.write(`\n${summary(report)}`);
  process.exitCode = report.findings.length === 0 ? 0 : 1;
} finally {
  await shop.stop();
}
