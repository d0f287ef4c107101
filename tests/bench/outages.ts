/**
 * Each server behind a shop in use is killed, frozen and restarted: what was acknowledged is compared with what there is, and the time
 * counted until the shop is as quick as before. `npm run bench:outages [-- SERVER…] [--fault kill] [--rate 2] [--away 20]`
 */
import { parseArgs } from 'node:util';
import { startRealShop } from '../servers/real-shop.ts';
import { runOutage, stockUp, type OutageReport } from '../servers/outages/outage.ts';
import { FAULTS, serversOf } from '../servers/outages/servers.ts';
import { table } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    fault: { type: 'string', multiple: true },
    rate: { type: 'string', default: '2' },
    before: { type: 'string', default: '15' },
    away: { type: 'string', default: '20' },
  },
});
const faults = FAULTS.filter((fault) => values.fault?.includes(fault) ?? true);

const real = await startRealShop();
const reports: OutageReport[] = [];
try {
  await real.create();
  const goods = await stockUp(real);
  const servers = serversOf(real);
  const chosen = servers.filter(
    ({ name }) =>
      positionals.length === 0 || positionals.some((asked) => asked.toLowerCase() === name.toLowerCase()),
  );
  if (chosen.length === 0)
    throw new Error(
      `there is no ${positionals.join(', ')}: name some of ${servers.map(({ name }) => name).join(', ')}`,
    );
  for (const server of chosen) {
    for (const fault of faults) {
      const report = await runOutage(real, goods, {
        server,
        fault,
        perSecond: Number(values.rate),
        beforeMs: Number(values.before) * 1_000,
        awayMs: Number(values.away) * 1_000,
        slack: 1.5,
        // Less than that nobody notices.
        slackMs: 100,
      });
      reports.push(report);
      process.stderr.write(
        `${JSON.stringify({ ...report, trouble: report.trouble.filter((_, n, all) => n < 20 || n >= all.length - 20) })}\n`,
      );
    }
  }
} finally {
  await real.stop();
}

process.stdout.write(
  table(
    [
      'server',
      'fault',
      'away s',
      'orders · paid · other',
      'lost',
      'doubled',
      'refused of steps while away',
      'p99 before → away ms',
      'requests normal after s',
      'orders normal after s',
      'backlog done after s',
    ],
    reports.map((report) => [
      report.server,
      report.fault,
      seconds(report.awayMs),
      `${report.acknowledged.orders} · ${report.acknowledged.paid} · ${report.acknowledged.others}`,
      String(report.lost.length + report.left.length),
      String(report.doubled.length),
      `${Object.values(report.away.refused).reduce((sum, count) => sum + count, 0)} of ${report.away.steps}`,
      `${report.before.requests.toFixed(0)} → ${report.away.requests.toFixed(0)}`,
      seconds(report.normalMs.requests),
      seconds(report.normalMs.orders),
      seconds(report.backlogMs),
    ]),
  ),
);
const objections = reports.flatMap(({ server, fault, lost, doubled, wrong, left }) =>
  [...lost, ...doubled, ...wrong, ...left].map((what) => `${server}, ${fault}: ${what}`),
);
for (const objection of objections) process.stdout.write(`\n- ${objection}`);
process.exitCode = objections.length > 0 ? 1 : 0;

function seconds(milliseconds: number | undefined): string {
  return milliseconds === undefined || milliseconds === Infinity
    ? 'never'
    : (milliseconds / 1_000).toFixed(1);
}
